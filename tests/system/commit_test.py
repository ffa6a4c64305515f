#!/usr/bin/python3
"""The whole way of a commit with the real programs: watcher, broker, workers, verdict."""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time
import unittest

import programs
from programs import SHORT_LEASES, Case, Repository, git, processes_with, until

PASS = "jobs:\n  test:\n    steps:\n      - run: echo it works\n"


class Commits(Case):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.repository = Repository(self.folder / "project")

    def watch(self, *arguments, workers=1, **more):
        for number in range(workers):
            self.start_worker(f"worker-{number + 1}")
        return self.start_watcher(self.repository.path, *arguments, **more)

    def only_job(self, build):
        return self.client_json("show", build["build"])["jobs"][0]


class WayOfACommit(Commits):
    def test_a_passing_and_a_failing_commit_get_their_verdicts_and_logs(self):
        self.repository.pipeline(PASS)
        self.watch()
        self.finished_builds(1)
        self.repository.pipeline("run: |\n  echo about to fail\n  exit 3\n  echo never\n")
        failed, passed = self.finished_builds(2)
        self.assertEqual((failed["verdict"], passed["verdict"]), ("failed", "passed"))
        job = self.only_job(failed)
        log = self.log_of(job["job"])
        self.assertIn("about to fail", log)
        self.assertNotIn("never\n", log.split("about to fail", 1)[1].replace("echo never", ""))
        self.assertEqual(job["attempts"][0]["steps"][0]["exit_code"], 3)
        self.assertIn("it works", self.log_of(self.only_job(passed)["job"]))

    def test_fifty_commits_pushed_at_once_are_fifty_builds_newest_first(self):
        self.repository.pipeline(PASS)
        self.watch(workers=2)
        self.finished_builds(1)
        revisions = [self.repository.commit(f"commit {n}") for n in range(50)]
        # The commits may be seen in more than one look; each look's are newest first, which the ranks tell.
        builds = self.finished_builds(51)
        self.assertEqual([b["revision"] for b in builds[:50]], list(reversed(revisions)))
        self.assertEqual({b["verdict"] for b in builds}, {"passed"})
        for build in builds[::10]:
            self.assertIn("it works", self.log_of(self.only_job(build)["job"]))

    def test_a_push_to_a_bare_repository_is_handed_out_newest_first(self):
        bare = self.folder / "bare.git"
        git("init", "-q", "--bare", str(bare))
        self.repository.pipeline(PASS)
        git("push", "-q", str(bare), "main", at=self.repository.path)
        self.start_watcher(bare)
        worker = self.start_worker("worker-1")
        self.finished_builds(1)
        worker.stop()
        revisions = [self.repository.commit(f"commit {n}") for n in range(50)]
        git("push", "-q", str(bare), "main", at=self.repository.path)
        until(lambda: len(self.client_json("builds", "--limit", "100")) == 51, "51 builds")
        self.start_worker("worker-1")
        self.start_worker("worker-2")
        builds = self.finished_builds(51)
        started = sorted(builds[:50], key=lambda build: build["started_ms"])
        self.assertEqual({b["revision"] for b in started[:2]}, set(revisions[-2:]))
        self.assertLess(started.index(builds[0]), started.index(builds[49]))

    def test_a_broker_killed_in_mid_job_costs_no_second_attempt(self):
        self.repository.pipeline("run: |\n  for i in $(seq 40); do echo line $i; sleep 0.1; done\n")
        self.watch()
        until(lambda: [b for b in self.client_json("builds") if b["state"] == "running"], "the job runs")
        self.programs[0].kill()
        self.start_broker()
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "passed")
        job = self.only_job(build)
        self.assertEqual(len(job["attempts"]), 1)
        self.assertEqual([l for l in self.log_of(job["job"]).splitlines() if l.startswith("line ")],
                         [f"line {i}" for i in range(1, 41)])

    def test_a_broken_pipeline_file_is_a_failed_build_whose_log_says_where(self):
        self.repository.pipeline("jobs:\n  test:\n    stepps:\n      - run: true\n")
        self.watch()
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "failed")
        log = self.log_of(self.only_job(build)["job"])
        self.assertIn(".seaworthy.yml:3:5", log)
        self.assertIn("steps", log)

    def test_nothing_to_run_is_skipped_with_the_reason(self):
        self.repository.commit(README="nothing here\n")
        self.watch()
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "skipped")
        self.assertIn(".seaworthy.yml", self.log_of(self.only_job(build)["job"]))

    def test_jobs_wait_for_what_they_need(self):
        self.repository.pipeline("jobs:\n  test:\n    needs: build\n    run: echo second\n  build:\n    run: echo first\n"
                                 "  other:\n    needs: [bad]\n    run: echo no\n  bad:\n    run: 'false'\n")
        self.watch(workers=2)
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "failed")
        jobs = {job["name"]: job for job in self.client_json("show", build["build"])["jobs"]}
        self.assertEqual({name: job["verdict"] for name, job in jobs.items()},
                         {"build": "passed", "test": "passed", "bad": "failed", "other": "skipped"})
        self.assertLessEqual(jobs["build"]["attempts"][0]["finished_ms"], jobs["test"]["attempts"][0]["assigned_ms"])

    def test_cancelling_ends_the_whole_process_tree(self):
        marker = f"{os.getpid()}{time.monotonic_ns()}"  # in the arguments of this test's processes only
        self.repository.pipeline(f"run: |\n  setsid sleep 3600.{marker} &\n  sleep 3601.{marker}\n")
        self.watch()
        sleepers = lambda: processes_with(f"sleep\x003600.{marker}") + processes_with(f"sleep\x003601.{marker}")
        until(lambda: len(sleepers()) == 2, "both processes run")
        [build] = self.client_json("builds")
        self.client("cancel", build["build"])
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "cancelled")
        self.assertEqual(sleepers(), [])

    def test_a_job_that_takes_too_long_is_timed_out_and_failed(self):
        self.repository.pipeline("jobs:\n  slow:\n    timeout-minutes: 0.02\n    run: sleep 600\n")
        self.watch()
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "failed")
        self.assertEqual(self.only_job(build)["attempts"][0]["outcome"], "timed_out")

    def test_output_is_on_the_screen_while_the_job_runs(self):
        self.repository.pipeline("run: |\n  echo early\n  sleep 1000\n")
        self.watch()
        until(lambda: [b for b in self.client_json("builds") if b["state"] == "running"], "the job runs")
        [build] = self.client_json("builds")
        until(lambda: "early" in self.log_of(self.only_job(build)["job"]), "output of the running job")
        self.client("cancel", build["build"])
        self.finished_builds(1)

    def test_fsck_finds_nothing_in_what_all_of_this_leaves_while_the_broker_runs_and_after(self):
        self.repository.pipeline("jobs:\n  test:\n    run: seq 1 300000\n  after:\n    needs: test\n    run: 'false'\n"
                                 "  never:\n    needs: after\n    run: 'true'\n")
        self.watch(workers=2)
        self.assertEqual(self.fsck()[0], 0)
        self.finished_builds(1)
        self.repository.pipeline("run: |\n  echo early\n  sleep 1000\n")
        until(lambda: [b for b in self.client_json("builds") if b["state"] == "running"], "a job runs")
        code, report = self.fsck()
        self.assertEqual((code, report["findings"], report["not_checked"]), (0, [], []))
        self.assertEqual(report["checked"]["builds"], 2)
        self.client("cancel", self.client_json("builds")[0]["build"])
        self.finished_builds(2)
        self.programs[0].kill()
        self.assertEqual(self.fsck()[0], 0)
        self.start_broker()
        self.programs[-1].stop()
        code, report = self.fsck()
        self.assertEqual((code, report["findings"]), (0, []))
        self.assertGreater(report["checked"]["output_bytes"], 1_900_000)
        text = self.run_cli("fsck", "--state", self.folder / "broker").stdout.decode()
        self.assertRegex(text, r"(?m)^checked 2 builds, 4 jobs, \d+ attempts, \d+ events, .* of output: nothing found\n$")
        with contextlib.closing(sqlite3.connect(self.folder / "broker/seaworthy.db")) as database, database:
            database.execute("UPDATE build SET verdict = 1")
        code, report = self.fsck()
        self.assertEqual((code, {one["check"] for one in report["findings"]}), (1, {"build-verdict", "build-ends"}))
        self.assertEqual(self.run_cli("fsck", "--state", self.folder / "nowhere", check=False).returncode, 2)

    def fsck(self):
        result = self.run_cli("fsck", "--state", self.folder / "broker", "--json", check=False)
        return result.returncode, json.loads(result.stdout)

    def test_large_output_arrives_whole_and_in_order(self):
        self.repository.pipeline("run: seq 1 300000\n")
        self.watch()
        [build] = self.finished_builds(1)
        lines = [line for line in self.log_of(self.only_job(build)["job"]).splitlines() if line.isdigit()]
        self.assertEqual(lines, [str(n) for n in range(1, 300_001)])


class LostWorker(Commits):
    timing = SHORT_LEASES

    def test_a_worker_killed_in_mid_job_is_followed_by_another_and_the_story_is_told(self):
        sleep = f"3600.{os.getpid()}{time.monotonic_ns()}"  # in the arguments of this test's process only
        self.repository.pipeline(f"run: |\n  echo on $SEAWORTHY_WORKER\n  [ $SEAWORTHY_ATTEMPT != 1 ] || sleep {sleep}\n")
        self.start_watcher(self.repository.path)
        victim = self.start_worker("victim")
        until(lambda: [b for b in self.client_json("builds") if b["state"] == "running"], "the job runs")
        job = self.client_json("builds")[0]
        until(lambda: "on victim" in self.log_of(self.only_job(job)["job"]), "its output")
        until(lambda: processes_with(f"sleep\x00{sleep}"), "its process")
        victim.kill()
        self.start_worker("heir")
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "passed")
        attempts = self.only_job(build)["attempts"]
        self.assertEqual([(a["worker"], a["outcome"]) for a in attempts], [("victim", "lost"), ("heir", "passed")])
        story = self.client("show", build["build"]).stdout.decode()
        self.assertIn("victim", story)
        self.assertIn("heir", story)
        until(lambda: not processes_with(f"sleep\x00{sleep}"), "the killed worker's job leaves no process")


class Refs(Case):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.start_worker("worker-1")
        self.repository = Repository(self.folder / "project")
        self.repository.pipeline(PASS)

    def test_force_pushes_new_branches_and_deleted_ones_are_normal_life(self):
        self.start_watcher(self.repository.path)
        self.finished_builds(1)
        lost = self.repository.commit("will be rewritten")
        self.finished_builds(2)
        git("reset", "-q", "--hard", "HEAD~1", at=self.repository.path)
        rewritten = self.repository.commit("rewritten")
        self.finished_builds(3)
        # The branch appears with its commit: had the watcher seen it before, that would be one more build.
        git("checkout", "-q", "--detach", at=self.repository.path)
        feature = self.repository.commit("on a branch")
        git("branch", "feature", at=self.repository.path)
        builds = self.finished_builds(4)
        self.assertEqual([b["revision"] for b in builds[:3]], [feature, rewritten, lost])
        git("checkout", "-q", "main", at=self.repository.path)
        git("branch", "-q", "-D", "feature", at=self.repository.path)
        after = self.repository.commit("after")
        builds = self.finished_builds(5)
        self.assertEqual((builds[0]["revision"], builds[0]["ref"]), (after, "refs/heads/main"))

    def test_only_refs_that_match_are_watched(self):
        git("update-ref", "refs/pull/7/head", "HEAD", at=self.repository.path)
        self.start_watcher(self.repository.path, "--ref", "refs/pull/*/head")
        [build] = self.finished_builds(1)
        self.assertEqual(build["ref"], "refs/pull/7/head")

    def test_two_watchers_that_lost_their_disk_double_nothing(self):
        first = self.start_watcher(self.repository.path)
        self.finished_builds(1)
        first.stop()
        revisions = [self.repository.commit(f"commit {n}") for n in range(5)]
        subprocess.run(["rm", "-rf", str(self.folder / "watcher"), str(self.folder / "mirrors")], check=True)
        self.start_watcher(self.repository.path)
        self.start("seaworthy-watcher", "--broker", self.broker_address, "--state", self.folder / "watcher-2",
                   "--mirrors", self.folder / "mirrors-2", "--every", "100ms", self.repository.path, log="watcher-2")
        self.finished_builds(6)
        last = self.repository.commit("one more")
        builds = self.finished_builds(7)
        self.assertEqual([b["revision"] for b in builds[:6]], [last] + revisions[::-1])
        self.assertEqual(len(builds), 7)

    def test_a_repository_that_is_away_is_picked_up_when_it_is_back(self):
        away = self.folder / "away"
        self.repository.path.rename(away)
        watcher = self.start_watcher(self.repository.path, every="100ms")
        until(lambda: str(self.repository.path) in watcher.output(), "a warning")
        away.rename(self.repository.path)
        self.finished_builds(1)

    def test_an_empty_repository_is_no_trouble(self):
        empty = Repository(self.folder / "empty")
        self.start_watcher(empty.path)
        empty.pipeline(PASS)
        self.finished_builds(1)

    def test_a_watcher_waits_for_a_broker_that_is_away(self):
        self.programs[0].kill()
        self.start_watcher(self.repository.path)
        self.start_broker()
        self.finished_builds(1)

    def test_newest_only_submits_the_tip(self):
        url = f"file://{self.repository.path}"  # or else each commit would be heard of at once
        self.start_watcher(url, "--newest-only", every="1h")
        self.finished_builds(1)
        git("checkout", "-q", "--detach", at=self.repository.path)
        for n in range(5):
            tip = self.repository.commit(f"commit {n}")
        git("branch", "-q", "-f", "main", at=self.repository.path)  # all five at once
        self.client("notify", url)
        builds = self.finished_builds(2)
        self.assertEqual((len(builds), builds[0]["revision"]), (2, tip))


class Hooks(Case):
    def test_with_the_hook_a_commit_is_seen_at_once(self):
        self.start_broker()
        self.start_worker("worker-1")
        repository = Repository(self.folder / "project")
        repository.pipeline(PASS)
        hook = repository.path / ".git/hooks/post-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {self.folder}/kept\n")
        hook.chmod(0o755)
        self.start_watcher(repository.path, every="1h")
        self.finished_builds(1)
        self.client("hook", "install", repository.path)
        self.client("hook", "install", repository.path)
        repository.commit("seen by the hook")
        self.finished_builds(2)
        self.assertTrue((self.folder / "kept").exists(), "the hook that was there is chained")


if __name__ == "__main__":
    unittest.main()
