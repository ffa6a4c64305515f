#!/usr/bin/python3
"""A pool of real workers: more of them when jobs wait, fewer when none do, and none left when it is told to end."""

import json
import os
import signal
import socket
import unittest

from programs import DEADLINE, Case, Installed, Repository, processes_with, until


class Pool(Case):
    def setUp(self):
        super().setUp()
        self.broker = self.start_broker()
        self.gates = self.folder / "gates"
        self.gates.mkdir()
        self.repository = Repository(self.folder / "project")
        # Each job says that it runs, and ends when its gate is opened.
        self.commits = 0

    def start_pool(self, size, *arguments, idle="1s", program="seaworthy-worker"):
        self.pool_state = self.folder / "pool"
        self.pool = self.start(program, "--broker", self.broker_address, "--pool", size, "--idle", idle,
                               "--state", self.pool_state, "--name", "p", "--mirrors", self.folder / "mirrors",
                               "--label", "linux", *arguments, log="pool")
        return self.pool

    def submit(self, *names, waits=True):
        """One build with a job of each name. Returns its number."""
        self.commits += 1
        text = "jobs:\n"
        for name in names:
            gate = self.gates / name
            script = f"touch {gate}.runs; until [ -e {gate}.open ]; do sleep 0.05; done" if waits else "true"
            text += f"  {name}:\n    run: \"{script}\"\n"
        self.repository.pipeline(text, f"commit {self.commits}")
        return self.client_json("submit", self.repository.path)[0]["build"]

    def runs(self, *names):
        until(lambda: all((self.gates / f"{name}.runs").exists() for name in names), f"{names} run")

    def open(self, *names):
        for name in names:
            (self.gates / f"{name}.open").touch()

    def workers(self, state=None):
        return {row["worker"] for row in self.client_json("workers") if state in (None, row["state"])}

    def processes(self):
        """Of the pool and all its workers and leaders, by the directory they work in."""
        return processes_with(str(self.pool_state))

    def verdict(self, build):
        return until(lambda: self.client_json("show", build)["verdict"], f"verdict of build {build}")

    def has_said(self, text):
        until(lambda: text in self.pool.output(), f"the pool says: {text}")


class Size(Pool):
    def test_it_grows_with_the_queue_to_its_most_and_shrinks_to_its_least(self):
        self.start_pool("0..4")
        self.has_said("0 to 4 workers")
        self.assertEqual(self.workers(), set())
        jobs = [f"j{number}" for number in range(6)]
        build = self.submit(*jobs)
        until(lambda: len(self.workers("busy")) == 4, "four workers are busy")
        self.assertEqual(self.workers(), {"p/1", "p/2", "p/3", "p/4"})
        self.assertIn("jobs wait for [linux]: starting 4 workers (4 of 4)", self.pool.output())
        self.open(*jobs)
        self.assertEqual(self.verdict(build), "passed")
        until(lambda: not self.workers(), "no worker is left")
        until(lambda: len(self.processes()) == 1, "no process is left but the pool's")
        again = self.submit("later", waits=False)
        self.assertEqual(self.verdict(again), "passed")
        attempts = [attempt for job in self.client_json("show", build)["jobs"] for attempt in job["attempts"]]
        self.assertEqual({attempt["outcome"] for attempt in attempts}, {"passed"})
        self.assertEqual(len(attempts), 6)

    def test_workers_that_are_always_there_are_there_before_any_job(self):
        self.start_pool("2..4")
        until(lambda: self.workers("idle") == {"p/1", "p/2"}, "two workers are idle")
        self.assertIn("starting 2 workers, for 2 that are always there (2 of 4)", self.pool.output())

    def test_a_busy_worker_is_not_stopped_when_others_are(self):
        self.start_pool("0..3")
        long = self.submit("long")
        self.runs("long")
        short = self.submit("s1", "s2")
        self.runs("s1", "s2")
        self.open("s1", "s2")
        self.assertEqual(self.verdict(short), "passed")
        until(lambda: len(self.workers()) == 1, "only the busy worker is left")
        self.assertEqual(self.workers(), self.workers("busy"))
        self.open("long")
        self.assertEqual(self.verdict(long), "passed")
        [job] = self.client_json("show", long)["jobs"]
        self.assertEqual(len(job["attempts"]), 1)


class Ending(Pool):
    def test_the_first_signal_lets_jobs_end_and_takes_no_others(self):
        self.start_pool("1..2", idle="1h")
        first = self.submit("a", "b")
        self.runs("a", "b")
        second = self.submit("c", waits=False)
        self.pool.process.send_signal(signal.SIGTERM)
        self.has_said("2 workers will finish a job first")
        self.open("a", "b")
        self.assertEqual(self.pool.process.wait(DEADLINE), 0)
        self.assertEqual(self.verdict(first), "passed")
        until(lambda: not self.processes(), "no process is left")
        self.assertIsNone(self.client_json("show", second)["verdict"])

    def test_the_second_signal_gives_jobs_back(self):
        self.start_pool("0..2")
        build = self.submit("a")
        self.runs("a")
        self.pool.process.send_signal(signal.SIGTERM)
        self.has_said("1 worker will finish a job first")
        self.pool.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.pool.process.wait(DEADLINE), 0)
        until(lambda: not self.processes(), "no process is left")
        until(lambda: self.client_json("show", build)["jobs"][0]["state"] == "queued", "the job waits again")

    def test_when_the_pool_is_killed_its_workers_end_their_jobs_and_go(self):
        self.start_pool("1..3", idle="1h")
        build = self.submit("a", "b")
        self.runs("a", "b")
        self.pool.kill()
        until(lambda: self.pool.output().count("the pool that started this worker is gone") >= 2, "workers notice")
        self.open("a", "b")
        self.assertEqual(self.verdict(build), "passed")
        until(lambda: not self.processes(), "no process is left")
        attempts = [attempt for job in self.client_json("show", build)["jobs"] for attempt in job["attempts"]]
        self.assertEqual([attempt["outcome"] for attempt in attempts], ["passed", "passed"])

    def test_a_pool_that_is_started_again_beside_workers_of_its_former_life_takes_other_places(self):
        self.start_pool("1..3", idle="1h")
        old = self.submit("a")
        self.runs("a")
        self.pool.kill()
        until(lambda: "the pool that started this worker is gone" in self.pool.output(), "the worker notices")
        self.start_pool("1..3", idle="1h")
        self.assertEqual(self.verdict(self.submit("b", waits=False)), "passed")
        self.assertEqual(self.workers(), {"p/1", "p/2"})
        self.open("a")
        self.assertEqual(self.verdict(old), "passed")


class Trouble(Pool):
    def test_it_keeps_its_workers_over_a_restart_of_the_broker(self):
        self.start_pool("0..3", idle="1h")
        first = self.submit("a")
        self.runs("a")
        [worker] = [row["pid"] for row in self.client_json("workers")]
        self.broker.kill()
        self.open("a")
        self.start_broker()
        self.assertEqual(self.verdict(first), "passed")
        self.assertIn(worker, self.processes())
        self.assertIsNone(self.pool.process.poll())
        second = self.submit("b", "c")
        self.runs("b", "c")
        self.open("b", "c")
        self.assertEqual(self.verdict(second), "passed")
        self.assertNotIn("ended by itself", self.pool.output())

    def test_a_worker_that_was_killed_is_replaced_when_it_is_wanted(self):
        self.start_pool("1..2", idle="1h")
        until(lambda: self.workers("idle"), "the worker is idle")
        [pid] = [row["pid"] for row in self.client_json("workers")]
        self.assertIn(pid, self.processes())
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(self.verdict(self.submit("a", waits=False)), "passed")
        self.assertNotIn(pid, self.processes())

    def test_workers_that_cannot_start_are_tried_again_and_the_reason_is_said_once(self):
        self.pool_state = self.folder / "pool"
        self.pool_state.mkdir()
        blocked = [self.pool_state / f"worker-{number}" for number in (1, 2)]
        for path in blocked:
            path.write_text("in the way")
        self.start_pool("1..2")
        self.has_said("could not be started: cannot create the directory")
        until(lambda: len(self.pool.output().splitlines()) >= 3, "more words")
        said = self.pool.output().count("could not be started")
        self.assertLessEqual(said, 2, self.pool.output())
        build = self.submit("a", waits=False)
        for path in blocked:
            path.unlink()
        self.assertEqual(self.verdict(build), "passed")
        self.has_said("workers can be started again")

    def test_a_range_that_is_none_is_refused_with_an_example(self):
        for size in ("4", "3..2", "0..0", "a..b", "1..5000"):
            with self.subTest(size=size):
                pool = self.start("seaworthy-worker", "--pool", size, log="refused")
                self.assertEqual(pool.process.wait(DEADLINE), 2)
                self.assertIn("0..8", pool.output())

    def test_a_pool_that_joins_with_an_invitation_starts_workers_with_its_key(self):
        keys = self.folder / "keys"
        self.run_cli("keygen", "--dir", keys)
        self.broker.stop()
        self.broker = self.start_broker("--keys", keys)
        line = self.run_cli("invite", "worker", "anna", "--dir", keys, "--broker", self.broker_address).stdout.decode()
        pool = self.start("seaworthy-worker", "--join", line.strip(), "--pool", "1..2", "--state", self.folder / "pool",
                          log="pool")
        admin = ["--key", keys / "admin.key"]
        revision = self.repository.pipeline("jobs: {one: {run: 'true'}, two: {run: 'true'}, three: {run: 'true'}}")
        built = self.client("submit", self.repository.path, revision, "--wait", *admin, check=False)
        self.assertEqual(built.returncode, 0, built.stderr)
        workers = json.loads(self.client("workers", "--json", *admin).stdout)
        self.assertEqual({row["worker"].rsplit("-", 1)[0] for row in workers}, {f"anna/{socket.gethostname()}"})
        pool.stop()
        again = self.start("seaworthy-worker", "--pool", "0..1", "--state", self.folder / "pool", log="again")
        built = self.client("submit", self.repository.path, revision, "--again", "--wait", *admin, check=False)
        self.assertEqual(built.returncode, 0, again.output())

    def test_an_upgrade_under_a_pool_changes_nothing_for_its_workers(self):
        programs = Installed(self.folder / "programs", "seaworthy-worker", "seaworthy-leader")
        self.start_pool("0..1", program=programs / "seaworthy-worker")
        self.has_said("starts")
        programs.replace()
        self.assertEqual(self.verdict(self.submit("a", waits=False)), "passed")

    def test_two_pools_do_not_share_a_directory(self):
        self.start_pool("0..1")
        self.has_said("starts")
        second = self.start("seaworthy-worker", "--pool", "0..1", "--state", self.pool_state, log="second")
        self.assertEqual(second.process.wait(DEADLINE), 2)
        self.assertIn("uses it", second.output())


if __name__ == "__main__":
    unittest.main()
