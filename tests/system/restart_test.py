#!/usr/bin/python3
"""What restarts cost: nothing. A hundred of them in mid-job, a long queue, and a job that kills its workers."""

import collections
import os
import random
import time
import unittest

import programs
import protocol
from programs import SHORT_LEASES, Repository, processes_with, until

RESTARTS = 100


class Restarts(programs.Case):
    def test_a_hundred_broker_restarts_in_mid_job_repeat_nothing(self):
        """E1: the broker's death alone never makes a job run twice, and no build stays without a verdict."""
        runs = self.folder / "runs"
        repository = Repository(self.folder / "project")
        repository.pipeline(f"jobs: {{test: {{run: 'echo $SEAWORTHY_BUILD >> {runs}; sleep 1.5; echo said'}}}}")
        for number in range(40):
            repository.commit(f"commit {number}")
        broker = self.start_broker()
        for name in ("amy", "bob", "cid", "dan"):
            self.start_worker(name)
        self.start_watcher(str(repository.path))
        self.finished_builds(1)

        chance = random.Random(7)
        restarts = 0
        while restarts < RESTARTS:
            time.sleep(chance.uniform(0.0, 0.4))  # when it dies is left to chance, and nothing waits for it
            broker.kill()
            broker = self.start_broker()
            restarts += 1
            if restarts % 5 == 0:
                repository.commit(f"between restarts {restarts}")
        head = repository.commit("the last one")
        until(lambda: any(b["revision"] == head for b in self.client_json("builds")), "the last commit is seen")
        builds = self.finished_builds(RESTARTS // 5 + 2)
        self.assertEqual({b["verdict"] for b in builds}, {"passed"})
        times = collections.Counter(int(line) for line in runs.read_text().split())
        self.assertEqual({build: count for build, count in times.items() if count != 1}, {})
        self.assertEqual(set(times), {b["build"] for b in builds})

    def test_a_job_that_kills_its_workers_is_inconclusive_after_three_and_tells_the_story(self):
        self.timing = SHORT_LEASES
        self.start_broker()
        repository = Repository(self.folder / "project")
        sleep = f"sleep\x004713.{os.getpid()}{time.monotonic_ns()}"  # of this test only
        repository.pipeline(f"jobs: {{killer: {{run: 'echo on my way; exec {sleep}'}}}}".replace("\x00", " "))
        for name in ("amy", "bob", "cid"):
            self.start_worker(name)
        self.client("submit", repository.path)
        for _ in range(3):
            until(lambda: processes_with(sleep), "the job runs")
            attempt = self.client_json("show", "1")["jobs"][0]["attempts"][-1]
            self.assertIsNone(attempt["outcome"])
            next(p for p in self.programs if p.log.name == f"{attempt['worker']}.log").kill()
            until(lambda: not processes_with(sleep), "nothing of the job is left")
            until(lambda: self.outcomes()[attempt["attempt"] - 1] == "lost", "the loss is seen")
        build = self.finished_builds(1)[0]
        self.assertEqual(build["verdict"], "inconclusive")
        job = self.client_json("show", "1")["jobs"][0]
        self.assertEqual([a["outcome"] for a in job["attempts"]], ["lost"] * 3)
        self.assertEqual(len({a["worker"] for a in job["attempts"]}), 3)
        self.assertIn("lost 3 times", job["note"])

    def outcomes(self):
        return [attempt["outcome"] for attempt in self.client_json("show", "1")["jobs"][0]["attempts"]]


class LongQueue(programs.Case):
    def test_a_hundred_thousand_queued_jobs_are_there_after_a_restart(self):
        broker = self.start_broker()
        client = protocol.Connection(self.broker_address)
        self.addCleanup(client.close)
        count = 100_000
        for first in range(0, count, 250):
            revisions = [f"{number:040x}" for number in range(first, min(first + 250, count))]
            protocol.submit(client, "/srv/project", revisions[::-1])
        broker.kill()
        began = time.monotonic()
        self.start_broker()
        print(f"restart with {count} queued jobs: serving after {time.monotonic() - began:.2f} s")
        status = self.client_json("status")
        self.assertEqual(status["queue"]["waiting"], count)
        # The newest is first in line still.
        worker = protocol.Worker(self.broker_address, "amy")
        self.addCleanup(worker.close)
        worker.hello()
        self.assertEqual(worker.take()["revision"], f"{count - 1:040x}")


if __name__ == "__main__":
    unittest.main()
