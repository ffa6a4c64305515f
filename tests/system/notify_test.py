#!/usr/bin/python3
"""What the programs tell a supervisor, as systemd hears it: a datagram socket, and who says what when."""

import os
import pathlib
import signal
import socket
import unittest

import programs
from programs import DEADLINE, Repository, until

WATCHDOG_MS = 400


class Supervisor:
    """The socket that systemd would listen on."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        name = address.replace("\0", "@")
        self.environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(WATCHDOG_MS * 1000)}
        self.heard = []

    def hear(self, timeout):
        """The next word, or None when none came in that time."""
        self.socket.settimeout(timeout)
        try:
            self.heard.append(self.socket.recv(1000).decode())
        except (TimeoutError, BlockingIOError):
            return None
        return self.heard[-1]

    def wait_for(self, word):
        until(lambda: self.hear(1) == word, f"{word}; heard {self.heard}")

    def close(self):
        self.socket.close()


def is_stopped(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


class Notify(programs.Case):
    def supervisor(self, address=None):
        supervisor = Supervisor(address or str(self.folder / "notify"))
        self.addCleanup(supervisor.close)
        return supervisor

    def start_worker_of(self, supervisor, broker):
        return self.start("seaworthy-worker", "--broker", broker, "--name", "amy", "--state", self.folder / "amy",
                          environment=supervisor.environment)

    def test_a_broker_says_that_it_serves_is_alive_and_stops(self):
        supervisor = self.supervisor()
        broker = self.start_broker(environment=supervisor.environment)
        self.assertEqual(supervisor.hear(DEADLINE), "READY=1")
        for _ in range(3):
            supervisor.wait_for("WATCHDOG=1")
        self.assertEqual(broker.stop(), 0)
        supervisor.wait_for("STOPPING=1")
        self.assertEqual(supervisor.heard.count("READY=1"), 1)

    def test_a_broker_that_is_stopped_says_nothing_any_more(self):
        supervisor = self.supervisor()
        broker = self.start_broker(environment=supervisor.environment)
        supervisor.wait_for("WATCHDOG=1")
        os.kill(broker.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, broker.pid, signal.SIGCONT)
        until(lambda: is_stopped(broker.pid), "the broker is stopped")
        while supervisor.hear(0):
            pass
        self.assertIsNone(supervisor.hear(5 * WATCHDOG_MS / 1000))
        os.kill(broker.pid, signal.SIGCONT)
        supervisor.wait_for("WATCHDOG=1")

    def test_a_name_without_a_file_is_understood(self):
        supervisor = self.supervisor(f"\0seaworthy-test-{os.getpid()}")
        self.start_broker(environment=supervisor.environment)
        supervisor.wait_for("READY=1")

    def test_another_process_is_watched(self):
        """WATCHDOG_PID names a wrapper, say: the socket is ours too, the watchdog is not."""
        supervisor = self.supervisor()
        broker = self.start_broker(environment=supervisor.environment | {"WATCHDOG_PID": "1"})
        self.assertEqual(broker.stop(), 0)
        supervisor.wait_for("STOPPING=1")
        self.assertEqual(supervisor.heard, ["READY=1", "STOPPING=1"])

    def test_a_worker_is_ready_when_a_broker_has_welcomed_it_and_no_job_may_speak_for_it(self):
        broker = self.start_broker()
        broker.kill()  # its address is known now
        supervisor = self.supervisor()
        worker = self.start_worker_of(supervisor, self.broker_address)
        supervisor.wait_for("WATCHDOG=1")
        self.assertNotIn("READY=1", supervisor.heard)
        self.start_broker()
        supervisor.wait_for("READY=1")

        repository = Repository(self.folder / "project")
        repository.pipeline("run: env")
        self.client("submit", repository.path)
        self.finished_builds(1)
        environment = self.log_of("1")
        self.assertIn("SEAWORTHY_JOB=1", environment)
        self.assertNotIn("NOTIFY_SOCKET", environment)
        self.assertNotIn("WATCHDOG_USEC", environment)
        self.assertEqual(worker.stop(), 0)
        supervisor.wait_for("STOPPING=1")

    def test_a_watcher_is_ready_when_it_watches(self):
        self.start_broker()
        supervisor = self.supervisor()
        repository = Repository(self.folder / "project")
        watcher = self.start("seaworthy-watcher", "--broker", self.broker_address, "--state", self.folder / "watcher",
                             str(repository.path), environment=supervisor.environment)
        supervisor.wait_for("READY=1")
        supervisor.wait_for("WATCHDOG=1")
        self.assertEqual(watcher.stop(), 0)
        supervisor.wait_for("STOPPING=1")

    def test_a_reporter_is_ready_when_it_listens_with_or_without_a_broker(self):
        supervisor = self.supervisor()
        reporter = self.start("seaworthy-reporter", "--broker", "tcp://127.0.0.1:1", "--listen", "127.0.0.1:0",
                              environment=supervisor.environment)
        self.assertEqual(supervisor.hear(DEADLINE), "READY=1")
        for _ in range(3):
            supervisor.wait_for("WATCHDOG=1")
        self.assertEqual(reporter.stop(), 0)
        supervisor.wait_for("STOPPING=1")


if __name__ == "__main__":
    unittest.main()
