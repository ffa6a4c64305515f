#!/usr/bin/python3
"""Who gets which job: fair turns between repositories, labels, and concurrency groups, with the real programs."""

import json
import unittest

import programs
import protocol
from programs import Repository, git, until


class Turns(programs.Case):
    def test_a_noisy_repository_delays_another_ones_first_job_by_one_job(self):
        """500 jobs of a second on two workers; then one job of another repository."""
        noisy, quiet = Repository(self.folder / "noisy"), Repository(self.folder / "quiet")
        jobs = "".join(f"  job-{number}: {{run: sleep 1}}\n" for number in range(250))
        revisions = [noisy.pipeline("jobs:\n" + jobs), noisy.commit("another")]
        quiet.pipeline("jobs: {test: {run: 'true'}}")
        self.start_broker()
        for revision in revisions:
            self.client("submit", noisy.path, revision)
        for name in ("amy", "bob"):
            self.start_worker(name)
        until(lambda: self.client_json("status")["queue"]["running"] == 2, "both workers are busy")
        submitted = json.loads(self.client("submit", quiet.path, "HEAD", "--json").stdout)
        build = submitted[0]["build"]
        events = until(lambda: self.story_until_assigned(build), "the quiet repository's job is assigned")
        asked = next(e for e in events if e["build"] == build and e["kind"] == "build_submitted")
        assigned = next(e for e in events if e["build"] == build and e["kind"] == "attempt_assigned")
        between = [e for e in events if e["kind"] == "attempt_assigned" and e["build"] != build
                   and asked["sequence"] < e["sequence"] < assigned["sequence"]]
        print(f"with {self.client_json('status')['queue']['waiting']} jobs of the noisy repository waiting, the quiet "
              f"one's was assigned {assigned['at_ms'] - asked['at_ms']} ms after its submission")
        self.assertLessEqual(len(between), 1)

    def story_until_assigned(self, build):
        client = protocol.Connection(self.broker_address)
        try:
            events, last = [], 0
            while True:
                _, answer, _ = client.ask("FetchEvents", after=last, limit=500, wait_ms=0)
                if not answer["events"]:
                    break
                events += answer["events"]
                last = answer["last"]
        finally:
            client.close()
        return events if any(e["build"] == build and e["kind"] == "attempt_assigned" for e in events) else None


class Labels(programs.Case):
    def test_a_job_waits_for_a_worker_with_its_labels_and_says_which(self):
        repository = Repository(self.folder / "project")
        repository.pipeline("jobs:\n  test: {run: 'true'}\n  train: {run: 'echo trained', runs-on: [gpu=h200]}\n")
        self.start_broker()
        self.start_worker("plain", "--label", "linux")
        self.client("submit", repository.path)
        until(lambda: self.client_json("show", "1")["jobs"][0]["verdict"], "the job without labels is done")
        waiting = self.client_json("status")
        self.assertEqual(waiting["unmatched"][0]["labels"], ["gpu=h200"])
        self.assertIn("start one with `seaworthy-worker --label gpu=h200`",
                      self.client_json("show", "1")["jobs"][1]["why_waiting"])
        self.assertIn(b"--label gpu=h200", self.client("status").stdout)
        self.start_worker("gpu", "--label", "linux", "--label", "gpu=h200")
        self.assertEqual(self.finished_builds(1)[0]["verdict"], "passed")
        self.assertEqual(self.client_json("show", "1")["jobs"][1]["attempts"][0]["worker"], "gpu")

    def test_a_job_that_no_worker_could_run_for_too_long_is_inconclusive_and_says_why(self):
        repository = Repository(self.folder / "project")
        repository.pipeline("run: 'true'\nruns-on: mainframe\n")
        self.start_broker("--unmatched-timeout", "500ms")
        self.start_worker("plain")
        self.client("submit", repository.path)
        self.assertEqual(self.finished_builds(1)[0]["verdict"], "inconclusive")
        self.assertIn("has the labels mainframe", self.client_json("show", "1")["jobs"][0]["note"])


class Groups(programs.Case):
    def test_a_newer_commit_of_a_branch_ends_the_older_ones_build_but_not_on_the_default_branch(self):
        repository = Repository(self.folder / "project")
        repository.pipeline("concurrency: {cancel-in-progress: true}\n"
                            "run: 'if [ -e slow ]; then sleep 600; fi'\n")
        self.start_broker()
        for name in ("amy", "bob"):
            self.start_worker(name)
        # A bare one: in a work tree HEAD names whatever was checked out last.
        origin = self.folder / "origin.git"
        git("clone", "-q", "--bare", repository.path, origin)
        git("remote", "add", "origin", origin, at=repository.path)
        self.start_watcher(str(origin))
        self.finished_builds(1)
        git("checkout", "-q", "-b", "topic", at=repository.path)
        repository.write("slow", "")
        slow = self.push(repository, "slow")
        until(lambda: self.state_of(slow) == "running", "the slow commit is being tested")
        git("rm", "-q", "slow", at=repository.path)
        fast = self.push(repository, "fast")
        until(lambda: self.verdict_of(fast), "the newer commit has its verdict")
        self.assertEqual((self.verdict_of(slow), self.verdict_of(fast)), ("cancelled", "passed"))
        git("checkout", "-q", "main", at=repository.path)
        on_main = [repository.commit(f"commit {number}") for number in range(3)]
        on_main.append(self.push(repository, "the last one"))
        until(lambda: all(self.verdict_of(one) for one in on_main), "the commits of the default branch are tested")
        self.assertEqual({self.verdict_of(one) for one in on_main}, {"passed"})

    def push(self, repository, message):
        revision = repository.commit(message)
        git("push", "-q", "origin", "HEAD", at=repository.path)
        return revision

    def build_of(self, revision):
        return next((b for b in self.client_json("builds") if b["revision"] == revision), {})

    def state_of(self, revision):
        return self.build_of(revision).get("state")

    def verdict_of(self, revision):
        return self.build_of(revision).get("verdict")


if __name__ == "__main__":
    unittest.main()
