#!/usr/bin/python3
"""The real worker against a broker that the test plays: each message of the protocol, and each way to end."""

import contextlib
import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from programs import BIN, DEADLINE, Case, Installed, Repository, until  # noqa: E402
from protocol import decode, encode  # noqa: E402

# A broker is silent after three heartbeats: a test may be held up for so long between two of its steps.
TIMING = {"heartbeat_ms": 2000, "lease_ms": 3000, "grace_ms": 1000, "reattach_ms": 5000, "accept_ms": 2000,
          "ready_ms": 400}


class FakeBroker:
    """Welcomes, answers heartbeats and takes output; everything else is the test's to say. Keeps what it was told."""

    def __init__(self, endpoint="tcp://127.0.0.1:*"):
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.linger = 0
        until(lambda: self.is_bound_to(endpoint), f"the address {endpoint} is free")
        self.endpoint = self.socket.get_string(zmq.LAST_ENDPOINT)
        self.epoch, self.heard, self.output = 1, [], {}
        self.peer = self.boot = None
        self.keep, self.gone, self.cancel = [], [], []
        self.welcomes = self.acknowledges = self.answers_heartbeats = True

    def is_bound_to(self, endpoint):
        """False: a socket that was closed there is not gone yet."""
        with contextlib.suppress(zmq.ZMQError):
            self.socket.bind(endpoint)
            return True

    def send(self, name, **body):
        self.socket.send_multipart([self.peer] + encode(name, {"epoch": self.epoch, "boot": self.boot} | body))

    def assign(self, job, repository, revision, *scripts, attempt=1, timeout_ms=60_000):
        steps = [{"name": script.split("\n")[0], "run": script, "env": {}} for script in scripts]
        specification = {"name": "test", "steps": steps, "env": {}, "needs": [], "timeout_ms": timeout_ms,
                         "origin": "as the test says"}
        self.send("Assign", job=job, attempt=attempt, build=1, repository=str(repository), ref="refs/heads/main",
                  revision=revision, specification=specification)

    def next(self, timeout):
        if not self.socket.poll(int(timeout * 1000)):
            return None
        peer, *frames = self.socket.recv_multipart()
        name, body, _, blob = decode(frames)
        if name == "Hello":
            self.peer, self.boot = peer, body["boot"]
            if self.welcomes:
                self.send("Welcome", session=1, timing=TIMING, output_credit=256 * 1024, keep=self.keep,
                          gone=self.gone)
        elif peer != self.peer:
            self.socket.send_multipart([peer] + encode("Error", {"code": "no_session", "message": "say Hello first",
                                                                 "retryable": True, "retry_after_ms": 0}))
        elif name == "Heartbeat" and self.answers_heartbeats:
            self.send("HeartbeatOk", renewed=[], gone=self.gone, cancel=self.cancel)
        elif name == "Output" and self.acknowledges:
            stored = self.output.setdefault((body["job"], body["attempt"]), bytearray())
            if body["offset"] == len(stored):
                stored += blob
            self.send("OutputOk", job=body["job"], attempt=body["attempt"], offset=len(stored))
        self.heard.append((name, body))
        return name, body

    def expect(self, name, timeout=DEADLINE, **fields):
        """The body of the next message like this; others are taken and answered."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            message = self.next(left)
            if message and message[0] == name and all(message[1][key] == value for key, value in fields.items()):
                return message[1]
        raise AssertionError(f"no {name} {fields}; heard {[name for name, _ in self.heard]}")

    def serve_until(self, condition, what):
        def serve():
            self.next(0.02)
            return condition()
        return until(serve, what)

    def record(self, report, superseded=False):
        self.send("Recorded", job=report["job"], attempt=report["attempt"], superseded=superseded)

    def close(self):
        self.socket.close()


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def memory_group(limit_bytes):
    """A new control group of cgroup v1 with a limit of memory; None where none can be made."""
    group = pathlib.Path(f"/sys/fs/cgroup/memory/seaworthy-test-{os.getpid()}")
    with contextlib.suppress(OSError):
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(limit_bytes))
        return group
    removed(group)
    return None


def removed(group):
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


class WorkerProgram(Case):
    def setUp(self):
        super().setUp()
        self.broker = FakeBroker()
        self.addCleanup(lambda: self.broker.close())
        # Else a worker whose job never ends would be waited for.
        self.addCleanup(lambda: [program.kill() for program in self.programs])
        self.repository = Repository(self.folder / "project")
        self.revision = self.repository.commit("one", file="of the revision\n")

    def start_worker(self, *arguments):
        self.broker_address = self.broker.endpoint
        return super().start_worker("w", *arguments)

    def ready_worker(self, *arguments):
        worker = self.start_worker(*arguments)
        self.broker.expect("Ready", slots=1)
        return worker

    def assign(self, job, *scripts, **more):
        self.broker.assign(job, self.repository.path, self.revision, *scripts, **more)

    def spool(self):
        folder = self.folder / "w" / "spool"
        return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []

    def waiting_job(self, job=7, script="sleep 1000"):
        """A job that has started a process of its own session; returns that process's id."""
        file = self.folder / f"pid-{job}"
        self.assign(job, f"setsid bash -c 'trap \"\" TERM; echo $$ > {file}.new; mv {file}.new {file}; "
                         f"while :; do sleep 1000; done' &\n{script}")
        self.broker.expect("Accept", job=job)
        self.broker.serve_until(file.exists, "the job's process runs")
        return int(file.read_text())

    def test_a_job_goes_its_whole_way(self):
        self.start_worker("--label", "linux", "--label", "gpu")
        hello = self.broker.expect("Hello")
        self.assertEqual((hello["worker"], hello["labels"], hello["held"]), ("w", ["linux", "gpu"], []))
        self.broker.expect("Ready", slots=1)
        self.assign(7, "cat file", "echo two >&2")
        self.broker.expect("Accept", job=7, attempt=1)
        report = self.broker.expect("AttemptFinished")
        output = bytes(self.broker.output[7, 1])
        self.assertEqual(report["outcome"], "passed")
        self.assertEqual([step["exit_code"] for step in report["steps"]], [0, 0])
        self.assertEqual(report["output_bytes"], len(output))
        self.assertEqual(report["output_sha256"], hashlib.sha256(output).hexdigest())
        self.assertTrue(output.startswith(b"as the test says\n"))
        self.assertIn(b"of the revision\n", output)
        self.broker.expect("Ready", slots=1)
        self.assertEqual(self.spool(), ["7.1"])
        self.broker.record(report)
        self.broker.serve_until(lambda: not self.spool(), "the spool is empty once the outcome is recorded")
        self.broker.serve_until(lambda: not list((self.folder / "w").glob("work/*")), "the workspace is removed")

    def test_output_arrives_while_the_job_runs(self):
        self.ready_worker()
        gate = self.folder / "gate"
        self.assign(7, f"echo first\nuntil [ -e {gate} ]; do sleep 0.01; done\necho second")
        self.broker.serve_until(lambda: b"first\n" in self.broker.output.get((7, 1), b""), "the first line")
        self.assertFalse([name for name, _ in self.broker.heard if name == "AttemptFinished"])
        gate.touch()
        self.broker.expect("AttemptFinished", outcome="passed")
        self.assertIn(b"second\n", self.broker.output[7, 1])

    def test_much_output_arrives_whole_within_the_credit(self):
        self.ready_worker()
        self.assign(7, "seq 300000")
        self.broker.expect("AttemptFinished", outcome="passed")
        expected = b"".join(b"%d\n" % i for i in range(1, 300_001))
        self.assertIn(expected, bytes(self.broker.output[7, 1]))

    def test_an_outcome_is_repeated_until_it_is_recorded(self):
        self.ready_worker()
        self.assign(7, "false")
        first = self.broker.expect("AttemptFinished")
        self.assertEqual(first["outcome"], "failed")
        self.assertEqual(self.broker.expect("AttemptFinished"), first)

    def test_an_outcome_survives_the_death_of_its_worker(self):
        worker = self.ready_worker()
        self.assign(7, "echo hello")
        report = self.broker.expect("AttemptFinished")
        worker.kill()
        # The new process's first word finds no output at the broker either.
        self.broker.output.clear()
        self.start_worker()
        hello = self.broker.expect("Hello")
        self.assertNotEqual(hello["boot"], report["boot"])
        self.assertEqual(hello["held"], [{"job": 7, "attempt": 1, "finished": True}])
        again = self.broker.expect("AttemptFinished")
        self.assertEqual(again, report | {"boot": hello["boot"]})
        self.assertIn(b"hello\n", self.broker.output[7, 1])
        self.broker.record(again)
        self.broker.serve_until(lambda: not self.spool(), "the spool is empty")

    def test_killing_the_worker_kills_its_job_and_the_next_life_starts_clean(self):
        worker = self.ready_worker()
        pid = self.waiting_job()
        worker.kill()
        until(lambda: is_gone(pid), "the killed worker's job leaves no process")
        self.start_worker()
        self.assertEqual(self.broker.expect("Hello")["held"], [])
        self.broker.expect("Ready", slots=1)
        self.assertEqual(self.spool(), [])
        self.assertFalse(list((self.folder / "w").glob("work/*")))

    def test_killing_worker_and_leader_leaves_no_process_once_the_worker_is_back(self):
        worker = self.ready_worker()
        pid = self.waiting_job()
        leaders = [int(child) for child in
                   pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
        for leader in leaders:  # stopped, so that it cannot do its duty
            os.kill(leader, signal.SIGSTOP)
        worker.kill()
        for leader in leaders:
            os.kill(leader, signal.SIGKILL)
        self.assertFalse(is_gone(pid))
        self.start_worker()
        self.broker.expect("Ready", slots=1)
        self.assertTrue(is_gone(pid))

    def test_a_leader_that_dies_makes_the_attempt_broken_and_leaves_no_process(self):
        worker = self.ready_worker()
        pid = self.waiting_job()
        leaders = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        [leader] = [int(child) for child in leaders if pathlib.Path(f"/proc/{child}/comm").read_text() == "job 7.1\n"]
        os.kill(leader, signal.SIGKILL)
        report = self.broker.expect("AttemptFinished")
        self.assertEqual(report["outcome"], "broken")
        self.assertIn("137", report["detail"])
        self.assertTrue(is_gone(pid))
        output = bytes(self.broker.output[7, 1])
        self.assertEqual(report["output_sha256"], hashlib.sha256(output).hexdigest())
        self.broker.expect("Ready", slots=1)

    def test_a_cancelled_job_is_ended_and_says_so(self):
        self.ready_worker("--kill-grace", "0.2")
        pid = self.waiting_job()
        self.broker.send("CancelAttempt", job=7, attempt=1)
        report = self.broker.expect("AttemptFinished")
        self.assertEqual(report["outcome"], "cancelled")
        self.assertIn("no process of the job survived", report["detail"])
        self.assertTrue(is_gone(pid))

    def test_a_job_is_timed_out(self):
        self.ready_worker("--kill-grace", "0.2")
        self.assign(7, "sleep 1000", timeout_ms=500)
        self.assertEqual(self.broker.expect("AttemptFinished")["outcome"], "timed_out")

    def test_a_revoked_attempt_is_killed_and_never_reported(self):
        self.ready_worker()
        pid = self.waiting_job()
        self.broker.gone = [{"job": 7, "attempt": 1}]
        self.broker.expect("Ready", slots=1)
        self.assertTrue(is_gone(pid))
        self.assertEqual(self.spool(), [])
        self.assertFalse([name for name, _ in self.broker.heard if name == "AttemptFinished"])

    def test_a_busy_worker_declines(self):
        self.ready_worker()
        self.waiting_job()
        self.assign(8, "true")
        self.assertIn("busy", self.broker.expect("Decline", job=8)["reason"])

    def test_a_job_outlives_its_broker_and_is_reported_to_the_next(self):
        self.ready_worker()
        gate = self.folder / "gate"
        self.assign(7, f"echo first\nuntil [ -e {gate} ]; do sleep 0.01; done\necho second")
        self.broker.serve_until(lambda: b"first\n" in self.broker.output.get((7, 1), b""), "the first line")
        stored, endpoint = len(self.broker.output[7, 1]), self.broker.endpoint
        output = self.broker.output
        self.broker.close()
        gate.touch()
        until(lambda: (self.folder / "w/spool/7.1/outcome").exists(), "the job ends without a broker")
        self.broker = FakeBroker(endpoint)
        self.broker.epoch, self.broker.output = 2, output
        self.broker.keep = [{"job": 7, "attempt": 1, "output_offset": stored}]
        self.assertEqual(self.broker.expect("Hello")["held"], [{"job": 7, "attempt": 1, "finished": True}])
        report = self.broker.expect("AttemptFinished")
        self.assertEqual(report["output_bytes"], len(self.broker.output[7, 1]))
        self.assertIn(b"second\n", self.broker.output[7, 1])

    def test_a_silent_broker_gets_a_new_connection(self):
        self.ready_worker()
        first = self.broker.peer
        self.broker.answers_heartbeats = False
        self.broker.expect("Hello")
        self.assertNotEqual(self.broker.peer, first)

    def test_the_next_broker_of_the_list_is_tried_when_one_is_silent(self):
        silent = self.broker
        silent.welcomes = False
        other = FakeBroker()
        self.addCleanup(other.close)
        self.start("seaworthy-worker", "--broker", f"{silent.endpoint},{other.endpoint}", "--name", "w", "--state",
                   self.folder / "w", log="w")
        silent.expect("Hello")
        other.expect("Ready", slots=1)

    def test_the_first_signal_ends_an_idle_worker_at_once(self):
        worker = self.ready_worker()
        worker.process.send_signal(signal.SIGTERM)
        self.broker.expect("Goodbye")
        self.assertEqual(worker.process.wait(DEADLINE), 0)

    def test_the_first_signal_lets_the_job_end(self):
        worker = self.ready_worker()
        gate = self.folder / "gate"
        self.assign(7, f"echo first\nuntil [ -e {gate} ]; do sleep 0.01; done")
        self.broker.serve_until(lambda: b"first\n" in self.broker.output.get((7, 1), b""), "the first line")
        worker.process.send_signal(signal.SIGINT)
        self.broker.expect("Ready", slots=0)
        self.assign(8, "true")
        self.assertIn("draining", self.broker.expect("Decline", job=8)["reason"])
        gate.touch()
        report = self.broker.expect("AttemptFinished", outcome="passed")
        self.assertIsNone(worker.process.poll())
        self.broker.record(report)
        self.broker.expect("Goodbye")
        self.assertEqual(worker.process.wait(DEADLINE), 0)

    def test_the_second_signal_gives_the_job_back_at_once(self):
        worker = self.ready_worker()
        pid = self.waiting_job()
        worker.process.send_signal(signal.SIGTERM)
        self.broker.expect("Ready", slots=0)
        worker.process.send_signal(signal.SIGTERM)
        self.broker.expect("Goodbye")
        self.assertEqual(worker.process.wait(DEADLINE), 0)
        self.assertTrue(is_gone(pid))
        self.assertEqual(self.spool(), [])

    def test_a_drain_that_takes_too_long_gives_the_job_back(self):
        worker = self.ready_worker("--drain-timeout", "0.3")
        pid = self.waiting_job()
        worker.process.send_signal(signal.SIGTERM)
        self.broker.expect("Ready", slots=0)
        self.broker.expect("Goodbye")
        self.assertEqual(worker.process.wait(DEADLINE), 0)
        self.assertTrue(is_gone(pid))
        self.assertIn("did not end within the drain time-out", worker.output())
        self.assertFalse([name for name, _ in self.broker.heard if name == "AttemptFinished"])

    def test_heartbeats_go_on_while_a_job_eats_all_cpu(self):
        worker = self.ready_worker()
        self.assertIn("jobs run with nice +10", worker.output())
        self.assign(7, "for i in 1 2 3 4; do (while :; do :; done) & done\nwait")
        self.broker.expect("Accept", job=7)
        for _ in range(3):
            beat = self.broker.expect("Heartbeat")
            self.assertEqual(beat["held"], [{"job": 7, "attempt": 1, "finished": False}])
        self.assertNotIn("heard nothing from the broker", worker.output())

    def test_a_job_that_eats_all_memory_has_failed_and_says_so(self):
        worker, limit = self.ready_worker(), 32 << 20
        if "memory accounted" in worker.output():  # the limit is set to the group that the job is given
            enter = f"echo {limit} > /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/memory.max"
        elif group := memory_group(limit):
            self.addCleanup(lambda: until(lambda: removed(group), "the test's group is removed"))
            enter = f"echo $$ > {group}/cgroup.procs"
        else:
            self.skipTest("no control group with a limit of memory can be made here")
        self.assign(7, f"{enter}\nhead -c 200M /dev/zero | tail > /dev/null")
        report = self.broker.expect("AttemptFinished")
        self.assertEqual(report["outcome"], "failed")
        self.assertIn("exited with 137: killed by the system for lack of memory (OOM)", report["detail"])
        self.assertIn(b"killed by the system for lack of memory (OOM)", bytes(self.broker.output[7, 1]))
        self.broker.expect("Ready", slots=1)  # and the worker is well

    def test_full_disks_are_told_to_the_broker(self):
        worker = self.start_worker("--min-free-disk", str(1 << 40))
        ready = self.broker.expect("Ready", slots=0)
        self.assertIn("--min-free-disk", ready["reason"])
        self.assign(7, "true")
        self.assertIn("--min-free-disk", self.broker.expect("Decline", job=7)["reason"])
        self.assertEqual(worker.output().count("takes no more jobs: only"), 1)

    def test_the_name_of_a_step_cannot_speak_for_its_leader(self):
        worker = self.ready_worker()
        steps = [{"name": "build\ngrew 1000000\nbroken by its name", "run": "true", "env": {}}]
        self.broker.send("Assign", job=7, attempt=1, build=1, repository=str(self.repository.path), ref="",
                         revision=self.revision, specification={"name": "test", "steps": steps})
        report = self.broker.expect("AttemptFinished", outcome="passed")
        self.assertEqual(report["steps"][0]["name"], "build")
        self.assertEqual(report["output_bytes"], len(self.broker.output[7, 1]))
        self.assertNotIn("is shorter than it was", worker.output())

    def test_garbage_from_a_broker_changes_nothing(self):
        self.ready_worker()
        for frames in ([b"x"], [b"SWTY", b""], [b"a"] * 7, [b"SWTY" + bytes(16), b"\xdd\xff\xff\xff\xff"]):
            self.broker.socket.send_multipart([self.broker.peer] + frames)
        self.assign(7, "true")
        self.broker.expect("AttemptFinished", outcome="passed")

    def test_a_worker_without_its_leader_does_not_start_and_says_what_is_missing(self):
        programs = Installed(self.folder / "programs", "seaworthy-worker", "seaworthy-leader")
        leader = programs / "seaworthy-leader"

        def refused(why):
            for more in [], ["--pool", "0..1"]:
                result = subprocess.run([programs / "seaworthy-worker", "--broker", self.broker.endpoint, "--state",
                                         self.folder / "w", *more], capture_output=True, text=True, timeout=DEADLINE)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(f"cannot run {leader}: {why}", result.stderr)
        leader.chmod(0o644)
        refused("Permission denied")
        leader.unlink()
        refused("No such file or directory")

    def test_an_upgrade_under_a_worker_changes_nothing_for_its_jobs(self):
        programs = Installed(self.folder / "programs", "seaworthy-worker", "seaworthy-leader")
        self.start(programs / "seaworthy-worker", "--broker", self.broker.endpoint, "--state", self.folder / "w", log="w")
        self.broker.expect("Ready", slots=1)
        programs.replace()
        for job in 7, 8:  # the first one's leader waits, the second one's is started now
            self.assign(job, "true")
            report = self.broker.expect("AttemptFinished", job=job)
            self.assertEqual(report["outcome"], "passed", report["detail"])
            self.broker.record(report)
            self.broker.expect("Ready", slots=1)

    def test_two_workers_cannot_live_in_one_place(self):
        self.ready_worker()
        other = self.start("seaworthy-worker", "--state", self.folder / "w", log="other")
        self.assertEqual(other.process.wait(DEADLINE), 2)
        self.assertIn("choose another directory with --state", other.output())

    def test_workers_without_a_place_take_the_first_free_one_and_keep_its_name(self):
        environment = {"XDG_STATE_HOME": str(self.folder / "xdg")}
        arguments = ["seaworthy-worker", "--broker", self.broker.endpoint]
        first = self.start(*arguments, log="first", environment=environment)
        one = self.broker.expect("Hello")["worker"]
        self.start(*arguments, log="second", environment=environment)
        self.broker.serve_until(lambda: {body["worker"] for name, body in self.broker.heard if name == "Hello"} > {one},
                                "the second worker has another name")
        first.stop()
        self.broker.heard.clear()
        self.start(*arguments, log="third", environment=environment)
        self.broker.serve_until(lambda: one in [body["worker"] for name, body in self.broker.heard if name == "Hello"],
                                "the third one takes the first one's place and name")

    def test_a_worker_is_named_after_its_host_and_its_folder(self):
        self.start("seaworthy-worker", "--broker", self.broker.endpoint, "--state", f"{self.folder}/./here/", log="w")
        self.assertEqual(self.broker.expect("Hello")["worker"], f"{os.uname().nodename}-here")

    def test_wrong_options_are_told(self):
        for arguments in (["--no-such-option"], ["--broker", "nonsense"],
                          ["--broker", f"{self.broker.endpoint},nonsense"], ["--state", "/dev/null/x"],
                          ["--kill-grace", "soon"]):
            with self.subTest(arguments):
                result = subprocess.run([BIN / "seaworthy-worker", *arguments], capture_output=True, text=True,
                                        timeout=DEADLINE, env={"HOME": str(self.folder), "PATH": os.environ["PATH"]})
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertTrue(result.stderr.strip())
                self.assertNotIn("terminate called", result.stderr)

    def test_help_and_version(self):
        for option in ("--help", "--version"):
            result = subprocess.run([BIN / "seaworthy-worker", option], capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(result.returncode, 0)
            self.assertIn("seaworthy-worker", result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
