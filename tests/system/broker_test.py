#!/usr/bin/python3
"""The real broker, and peers written in Python from docs/protocol.md."""

import os
import signal
import subprocess
import unittest

import zmq

import programs
from programs import BIN, Case, until
from protocol import Connection, Worker, submit


def revision(number):
    return f"{number:040x}"


class ForeignWorker(Case):
    def test_a_worker_in_another_language_takes_a_job_and_finishes_it(self):
        self.start_broker()
        client = Connection(self.broker_address)
        [build] = submit(client, "/srv/project", [revision(1)])
        worker = Worker(self.broker_address, "python")
        worker.hello()
        assign = worker.take()
        self.assertEqual(assign["specification"]["steps"][0]["run"], "true")
        self.assertEqual(worker.output(assign, 0, b"hello from python\n")["offset"], 18)
        self.assertFalse(worker.finish(assign, output=b"hello from python\n")["superseded"])
        name, detail, _ = client.ask("ShowBuild", build=build)
        self.assertEqual(detail["build"]["verdict"], "passed")
        name, data, blob = client.ask("FetchOutput", job=assign["job"], offset=0)
        self.assertEqual((blob, data["complete"]), (b"hello from python\n", True))

    def test_a_worker_goes_on_over_a_restart_of_the_broker(self):
        broker = self.start_broker()
        [build] = submit(Connection(self.broker_address), "/srv/project", [revision(1)])
        worker = Worker(self.broker_address, "python")
        first_epoch = worker.hello()["epoch"]
        assign = worker.take()
        worker.output(assign, 0, b"before ")
        broker.kill()
        self.start_broker()
        worker.connection = Connection(self.broker_address)
        welcome = worker.hello()
        self.assertEqual(welcome["epoch"], first_epoch + 1)
        self.assertEqual(welcome["keep"], [{"job": assign["job"], "attempt": 1, "output_offset": 7}])
        worker.output(assign, 7, b"after")
        self.assertFalse(worker.finish(assign, output=b"before after")["superseded"])
        client = Connection(self.broker_address)
        detail = client.ask("ShowBuild", build=build)[1]
        self.assertEqual(len(detail["jobs"][0]["attempts"]), 1)
        self.assertIn("attempt_reattached", [event["kind"] for event in detail["timeline"]])
        self.assertEqual(client.ask("FetchOutput", job=assign["job"], offset=0)[2], b"before after")

    def test_the_job_of_a_silent_worker_goes_to_another_and_the_late_outcome_changes_nothing(self):
        self.timing = programs.SHORT_LEASES
        self.start_broker()
        client = Connection(self.broker_address)
        [build] = submit(client, "/srv/project", [revision(1)])
        silent, other = Worker(self.broker_address, "silent"), Worker(self.broker_address, "other")
        silent.hello()
        first = silent.take()
        other.hello()
        second = other.take()
        self.assertEqual((second["job"], second["attempt"]), (first["job"], 2))
        silent.connection = Connection(self.broker_address)
        silent.hello()
        self.assertTrue(silent.finish(first, "failed")["superseded"])
        other.heartbeat()
        self.assertFalse(other.finish(second, "passed")["superseded"])
        detail = client.ask("ShowBuild", build=build)[1]
        self.assertEqual(detail["build"]["verdict"], "passed")
        self.assertEqual([a["outcome"] for a in detail["jobs"][0]["attempts"]], ["failed", "passed"])

    def test_followers_are_told_when_something_happens_and_miss_nothing(self):
        self.start_broker()
        client, follower = Connection(self.broker_address), Connection(self.broker_address)
        position = follower.ask("FetchEvents")[1]["last"]
        follower.send("FetchEvents", tag=1, after=position, limit=1, wait_ms=30_000)
        submit(client, "/srv/project", [revision(1)],
               decided={"verdict": "skipped", "explanation": "nothing to run"})
        kinds = []
        message = follower.receive()
        while message[1]["events"]:
            kinds += [event["kind"] for event in message[1]["events"]]
            follower.send("FetchEvents", tag=1, after=message[1]["last"], limit=1, wait_ms=1)
            message = follower.receive()
        self.assertEqual(kinds, ["build_submitted", "job_finished", "build_finished"])

    def test_who_awaits_demand_is_told_when_jobs_wait_and_when_they_are_taken(self):
        self.start_broker()
        client, pool = Connection(self.broker_address), Connection(self.broker_address)

        def demand(known, wait_ms=30_000):
            return pool.ask("AwaitDemand", labels=["linux"], known=known, wait_ms=wait_ms)[1]["waiting"]

        self.assertEqual(demand(known=7), 0)
        self.assertEqual(demand(known=0, wait_ms=1), 0)
        pool.send("AwaitDemand", tag=900, labels=["linux"], known=0, wait_ms=30_000)
        submit(client, "/srv/project", [revision(2), revision(1)])
        name, answer, tag, _ = pool.receive()
        self.assertEqual((name, answer["waiting"], tag), ("Demand", 2, 900))
        worker = Worker(self.broker_address, "python")
        worker.hello()
        worker.take()
        self.assertEqual(demand(known=2), 1)
        name, refused, _ = pool.ask("AwaitDemand", labels=["x" * 129], known=0, wait_ms=0)
        self.assertEqual((name, refused["code"]), ("Error", "bad_message"))


class Start(Case):
    def test_a_port_in_use_is_named_with_what_to_do(self):
        broker = self.start_broker()
        second = self.start("seaworthy-broker", "--listen", broker.ready["listen"], "--state",
                            self.folder / "other", log="second")
        self.assertEqual(second.process.wait(programs.DEADLINE), 2)
        self.assertIn("cannot listen on", second.output())
        self.assertIn("choose another address", second.output())

    def test_a_state_directory_in_use_is_named_with_its_holder(self):
        broker = self.start_broker()
        second = self.start("seaworthy-broker", "--listen", "tcp://127.0.0.1:0", "--state",
                            self.folder / "broker", log="second")
        self.assertEqual(second.process.wait(programs.DEADLINE), 2)
        self.assertIn(f"process {broker.pid} uses it", second.output())

    def test_a_state_directory_that_cannot_be_made_is_an_error_with_advice(self):
        broker = self.start("seaworthy-broker", "--listen", "tcp://127.0.0.1:0", "--state", "/proc/nowhere/broker")
        self.assertEqual(broker.process.wait(programs.DEADLINE), 2)
        self.assertIn("choose another with --state", broker.output())

    def test_terminating_makes_everything_durable_and_exits_with_0(self):
        broker = self.start_broker()
        submit(Connection(self.broker_address), "/srv/project", [revision(n) for n in range(200, 0, -1)])
        self.assertEqual(broker.stop(signal.SIGTERM), 0)
        self.start_broker()
        self.assertEqual(Connection(self.broker_address).ask("QueueStatus")[1]["waiting_count"], 200)

    def test_json_log_lines_are_json(self):
        import json
        broker = self.start_broker("--log-format", "json")
        submit(Connection(self.broker_address), 'with "quotes"\n', [revision(1)])
        until(lambda: "queued" in broker.output(), "a line")
        for line in broker.output().splitlines():
            self.assertEqual(json.loads(line)["program"], "broker")

    def test_version_and_help_are_there(self):
        for name in ["seaworthy", "seaworthy-broker", "seaworthy-worker", "seaworthy-leader", "seaworthy-watcher"]:
            for option in ["--version", "--help"]:
                result = subprocess.run([str(BIN / name), option], capture_output=True, text=True)
                self.assertEqual(result.returncode, 0, name)
                self.assertTrue(result.stdout.strip())


if __name__ == "__main__":
    unittest.main()
