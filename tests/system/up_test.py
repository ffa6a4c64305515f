#!/usr/bin/python3
"""`seaworthy up` with the real programs: the demonstration, real repositories, children that die, Ctrl-C."""

import contextlib
import json
import os
import signal
import unittest
import urllib.request

from programs import DEADLINE, Case, Program, Repository, git, processes_with, until
from receivers import HttpReceiver


class Up(Case):
    def up(self, *arguments):
        self.state = self.folder / "state"
        program = self.start("seaworthy", "up", "--state", self.state, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                             "--workers", "2", *arguments, log="up")
        until(lambda: (self.state / "up.json").exists() or program.process.poll() is not None, "up.json")
        self.assertIsNone(program.process.poll(), program.output())
        self.summary = json.loads((self.state / "up.json").read_text())
        self.broker_address = self.summary["broker"]
        return program

    def test_the_demonstration_shows_a_passing_and_a_failing_build_and_a_commit_gets_its_verdict(self):
        up = self.up()
        builds = self.finished_builds(2)
        self.assertEqual(sorted(build["verdict"] for build in builds), ["failed", "passed"])
        until(lambda: "build passed" in up.output() and "build failed" in up.output(), "both verdicts on the screen")
        self.assertIn("commit --allow-empty", up.output())
        git("commit", "-q", "--allow-empty", "-m", "from another terminal", at=self.state / "demo")
        self.finished_builds(3)
        until(lambda: "from another terminal" in up.output(), "the commit on the screen")

    def test_a_child_that_dies_is_started_again_and_the_line_says_so(self):
        up = self.up()
        self.finished_builds(2)
        until(lambda: len(self.client_json("workers")) == 2, "both workers are known")
        for worker in self.client_json("workers"):
            os.kill(worker["pid"], signal.SIGKILL)
        [broker] = [pid for pid in processes_with("seaworthy-broker") if pid in processes_with(str(self.state))]
        os.kill(broker, signal.SIGKILL)
        until(lambda: up.output().count("started again") >= 3, "three restarts")
        git("commit", "-q", "--allow-empty", "-m", "afterwards", at=self.state / "demo")
        self.finished_builds(3)

    def test_interrupting_stops_everything_and_nothing_is_forgotten(self):
        up = self.up()
        self.finished_builds(2)
        self.assertEqual(up.stop(signal.SIGINT), 0)
        until(lambda: not processes_with(str(self.state)), "nothing is left running")
        self.up()
        self.assertEqual(len(self.finished_builds(2)), 2)

    def test_its_children_do_not_outlive_it_when_it_is_killed(self):
        up = self.up()
        self.finished_builds(2)
        up.kill()
        until(lambda: not processes_with(str(self.state)), "all children are gone")

    def test_news_go_where_the_file_says(self):
        there = HttpReceiver()
        self.addCleanup(there.stop)
        news = self.folder / "news.yml"
        news.write_text(f"targets: {{hook: {{kind: webhook, url: '{there.url}'}}}}\nrules: [{{target: hook}}]\n")
        up = self.up("--news", news, "--url", "https://ci.example.org")
        self.finished_builds(2)
        reporter_log = self.state / "logs" / "reporter.log"
        until(lambda: reporter_log.exists() and "begins after event" in reporter_log.read_text(),
              "the target has its cursor")
        git("commit", "-q", "--allow-empty", "-m", "Tell them", at=self.state / "demo")
        until(lambda: any(body["subject"] == "Tell them" for body in there.bodies()), "the webhook arrived")
        self.assertIn("https://ci.example.org/builds/", there.bodies()[-1]["url"])
        self.assertEqual(up.stop(), 0)

    def page(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(self.summary["page"], timeout=DEADLINE).read().decode()
        return ""

    def test_its_page_shows_the_builds_and_is_where_it_was_after_the_reporter_died(self):
        up = self.up()
        self.finished_builds(2)
        until(lambda: f"page  {self.summary['page']}\n" in up.output(), "the address of the page")
        until(lambda: "failed" in self.page(), "the page")
        [reporter] = [pid for pid in processes_with("seaworthy-reporter") if pid in processes_with(self.broker_address)]
        os.kill(reporter, signal.SIGKILL)
        until(lambda: "reporter started again" in up.output(), "the reporter is started again")
        until(lambda: "passed" in self.page(), "its page")

    def test_several_repositories_by_path_and_url(self):
        first, second = Repository(self.folder / "first"), Repository(self.folder / "second")
        for repository in first, second:
            repository.pipeline("run: echo $SEAWORTHY_REPOSITORY\n")
        self.up(first.path, f"file://{second.path}")
        builds = self.finished_builds(2)
        self.assertEqual({build["repository"] for build in builds}, {str(first.path), f"file://{second.path}"})
        [only] = self.client_json("builds", "--repository", str(first.path), "--limit", "5")
        self.assertEqual(only["verdict"], "passed")

    def test_a_second_one_on_the_same_state_is_refused_with_what_to_do(self):
        self.up()
        result = self.run_cli("up", "--state", self.state, "--listen", "127.0.0.1:0", check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"--state", result.stderr)

    def test_a_port_in_use_is_refused_with_what_to_do(self):
        self.up()
        address = self.broker_address.removeprefix("tcp://")
        result = self.run_cli("up", "--state", self.folder / "other", "--listen", address, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"cannot listen on", result.stderr + result.stdout)


if __name__ == "__main__":
    unittest.main()
