#!/usr/bin/python3
"""The real worker with a real broker: what it survives, and how it says that its host is sick."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from programs import Case, Repository, until  # noqa: E402
from protocol import Connection, job, submit  # noqa: E402


class Survival(Case):
    timing = ["--heartbeat", "200ms", "--lease", "800ms", "--grace", "300ms", "--reattach", "1500ms"]
    longer_than_all = 0.8 + 0.3 + 1.5 + 0.5

    def setUp(self):
        super().setUp()
        self.broker = self.start_broker()
        self.repository = Repository(self.folder / "project")
        self.revision = self.repository.commit("one", file="of the revision\n")
        self.gate = self.folder / "gate"
        self.addCleanup(self.gate.touch)  # else a job that still waits for it holds up the end

    def submit(self, script):
        client = Connection(self.broker_address)
        self.addCleanup(client.close)
        [build] = submit(client, str(self.repository.path), [self.revision], jobs=[job("test", script)])
        return build

    def job_of(self, build):
        return self.client_json("show", build)["jobs"][0]

    def job_waits_at_the_gate(self):
        """A worker in the middle of a job, when its broker dies for longer than any of its patience."""
        worker = self.start_worker("w")
        build = self.submit(f"echo first\nuntil [ -e {self.gate} ]; do sleep 0.01; done\necho second")
        until(lambda: self.job_of(build)["attempts"], "the job is given to the worker")
        number = self.job_of(build)["job"]
        until(lambda: "\nfirst\n" in self.log_of(number), "its first line is at the broker")
        self.broker.kill()
        killed_at = time.monotonic()
        until(lambda: time.monotonic() > killed_at + self.longer_than_all, "no lease of that time is left")
        return worker, build

    def job_ends_and_worker_dies(self, worker):
        self.gate.touch()
        until((self.folder / "w/spool/1.1/outcome").exists, "the job has ended without a broker")
        worker.kill()

    def assert_passed_in_one_attempt(self, build):
        self.finished_builds(1)
        number = self.job_of(build)["job"]
        self.assertEqual([(a["worker"], a["outcome"]) for a in self.job_of(build)["attempts"]], [("w", "passed")])
        lines = self.log_of(number).splitlines()
        self.assertEqual([line for line in lines if line in ("first", "second")], ["first", "second"])
        until(lambda: not list((self.folder / "w/spool").iterdir()), "the spool is empty once it is recorded")

    def test_an_outcome_outlives_broker_and_worker_and_comes_to_the_broker_that_is_back(self):
        worker, build = self.job_waits_at_the_gate()
        self.job_ends_and_worker_dies(worker)
        worker = self.start_worker("w")
        until(lambda: "is still to be reported" in worker.output(), "the next life knows of the outcome")
        self.start_broker()
        self.assert_passed_in_one_attempt(build)

    def test_an_outcome_is_taken_by_a_broker_that_had_given_the_job_up_but_to_nobody(self):
        worker, build = self.job_waits_at_the_gate()
        self.job_ends_and_worker_dies(worker)
        self.start_broker()
        until(lambda: [a["outcome"] for a in self.job_of(build)["attempts"]] == ["lost"], "the attempt is lost")
        self.start_worker("w")
        self.assert_passed_in_one_attempt(build)
        kinds = [event["kind"] for event in self.client_json("show", build)["timeline"]]
        self.assertIn("attempt_adopted", kinds)

    def test_a_worker_that_lives_on_brings_its_running_job_to_the_broker_that_is_back(self):
        _, build = self.job_waits_at_the_gate()
        self.start_broker()
        until(lambda: "attempt_reattached" in [e["kind"] for e in self.client_json("show", build)["timeline"]]
              or "attempt_adopted" in [e["kind"] for e in self.client_json("show", build)["timeline"]],
              "the broker knows that the job goes on")
        self.gate.touch()
        self.assert_passed_in_one_attempt(build)

    def test_a_worker_that_cannot_run_three_jobs_in_a_row_is_sick_and_everybody_is_told(self):
        worker = self.start_worker("w")
        away = str(self.folder / "away")
        client = Connection(self.broker_address)
        self.addCleanup(client.close)
        submit(client, away, [f"{number:040x}" for number in (1, 2, 3)], jobs=[job("test")])
        sick = until(lambda: [w for w in self.client_json("workers") if w["state"] == "sick"], "the worker is sick")
        self.assertIn("3 jobs in a row could not be run here", sick[0]["reason"])
        self.assertIn(away, sick[0]["reason"])
        self.assertIn("w takes no jobs: 3 jobs in a row", self.client("workers").stdout.decode())
        told = [line for line in worker.output().splitlines() if "takes no more jobs" in line]
        self.assertEqual(len(told), 1, told)
        self.assertIn("it tries one again after 1 min", told[0])
        # A job that it could run waits for it, or for another worker.
        build = self.submit("true")
        self.assertEqual(self.job_of(build)["attempts"], [])
        self.start_worker("other")
        until(lambda: self.job_of(build)["verdict"] == "passed", "the other worker, which is well, runs it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
