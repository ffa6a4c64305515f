#!/usr/bin/python3
"""The real seaworthy-watcher on real repositories, with a broker that the test plays."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from fake_broker import FakeBroker

WATCHER = os.environ["WATCHER"]
DEADLINE = 180  # seconds: generous, a loaded machine is slow
GIT = ["git", "-c", "user.name=A. Author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false"]


class Repository:
    def __init__(self, path):
        self.path = path.resolve()
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments):
        return subprocess.run(GIT + list(arguments), cwd=self.path, check=True, capture_output=True,
                              text=True).stdout.strip()

    def commit(self, subject="a commit"):
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def commits(self, count):
        """Newest first."""
        return [self.commit(f"commit {number}") for number in range(count)][::-1]

    @property
    def url(self):
        """As one of another machine, whose refs move unheard."""
        return f"file://{self.path}"

    def __str__(self):
        return str(self.path)


class Watcher:
    def __init__(self, test, *arguments, every="100ms"):
        self._lines, self._changed = [], threading.Condition()
        command = [WATCHER, "--broker", test.broker.endpoint, "--state", str(test.directory / "state"), "--every",
                   every, *map(str, arguments)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        test.addCleanup(self.end)

    def _read(self):
        for line in self.process.stderr:
            with self._changed:
                self._lines.append(line.rstrip())
                self._changed.notify_all()

    def log(self):
        with self._changed:
            return "\n".join(self._lines)

    def wait_for_log(self, text, count=1, seconds=DEADLINE):
        with self._changed:
            found = self._changed.wait_for(lambda: sum(text in line for line in self._lines) >= count, seconds)
            if not found:
                raise AssertionError(f"'{text}' is not in the log:\n" + "\n".join(self._lines))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=DEADLINE)
        self._reader.join()
        assert code == 0, f"exit code {code}\n{self.log()}"

    def end(self):
        """A killed one would leave its git behind, which still writes when the folder is removed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        self.process.stderr.close()


class WatcherTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="seaworthy-test-", ignore_cleanup_errors=True)
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.broker = FakeBroker().start()
        self.addCleanup(self.broker.stop)
        self.repository = Repository(self.directory / "project")

    def watch(self, *arguments, **options):
        return Watcher(self, *(arguments or [self.repository]), **options)

    def wait_for_head(self, revision, ref="refs/heads/main", repository=None):
        key = (str(repository or self.repository), ref)
        self.broker.wait_for(lambda: self.broker.heads.get(key) == revision, f"{ref} at {revision}")

    def test_first_sight_submits_the_tip_of_each_ref(self):
        self.repository.commits(3)
        self.repository.git("branch", "topic", "HEAD~1")
        main, topic = self.repository.git("rev-parse", "main", "topic").split()
        watcher = self.watch()
        self.wait_for_head(main)
        self.wait_for_head(topic, "refs/heads/topic")
        self.assertEqual(self.broker.submitted("refs/heads/main"), [main])
        self.assertEqual(self.broker.submitted("refs/heads/topic"), [topic])
        watcher.wait_for_log(f"seen {main[:7]} 'commit 2' on main of project")
        watcher.wait_for_log("submitted 1 revision of topic of project")

    def test_every_new_commit_is_submitted_newest_first(self):
        self.wait_for_first()
        new = self.repository.commits(50)
        self.wait_for_head(new[0])
        # A look may have come in the middle of the commits; within each message they are newest first.
        for submit in self.broker.submits[1:]:
            revisions = [candidate["revision"] for candidate in submit["revisions"]]
            self.assertEqual(revisions, [revision for revision in new if revision in revisions])
            self.assertEqual([candidate["depth"] for candidate in submit["revisions"]], list(range(len(revisions))))
            self.assertEqual(submit["tip"], revisions[0])
        self.assertEqual(sorted(self.broker.submitted()[1:]), sorted(new))

    def wait_for_first(self, *arguments, **options):
        first = self.repository.commit("first")
        watcher = self.watch(*arguments, **options)
        self.wait_for_head(first, repository=arguments[-1] if arguments else None)
        return watcher

    def test_a_push_of_many_commits_is_one_newest_first_story(self):
        self.wait_for_first()
        clone = self.directory / "clone"
        self.repository.git("config", "receive.denyCurrentBranch", "ignore")
        self.repository.git("clone", "--quiet", str(self.repository), str(clone))
        for number in range(300):
            subprocess.run(GIT + ["commit", "--quiet", "--allow-empty", "-m", f"c{number}"], cwd=clone, check=True)
        made = subprocess.run(["git", "rev-list", "-300", "HEAD"], cwd=clone, check=True, capture_output=True,
                              text=True).stdout.split()
        subprocess.run(["git", "push", "--quiet"], cwd=clone, check=True)
        self.wait_for_head(made[0])
        self.assertEqual(self.broker.submitted()[1:], made)
        self.assertEqual([submit["tip"] for submit in self.broker.submits[1:]], [made[0]] * 2)

    def test_a_force_push_submits_what_the_old_tip_did_not_have(self):
        self.wait_for_first()
        removed = self.repository.commit("removed")
        self.wait_for_head(removed)
        self.repository.git("checkout", "--quiet", "--detach", "HEAD~1")
        new = self.repository.commits(2)
        self.repository.git("checkout", "--quiet", "-B", "main")
        self.wait_for_head(new[0])
        self.assertEqual(self.broker.submitted()[2:], new)

    def test_a_deleted_ref_is_forgotten_and_one_made_again_is_new(self):
        self.wait_for_first()
        self.repository.git("checkout", "--quiet", "-b", "topic")
        one = self.repository.commit("one")
        self.wait_for_head(one, "refs/heads/topic")
        self.repository.git("checkout", "--quiet", "--detach")
        self.repository.git("branch", "-D", "topic")
        self.wait_for_head("", "refs/heads/topic")
        two = self.repository.commit("two")
        self.repository.git("branch", "topic")
        self.wait_for_head(two, "refs/heads/topic")
        self.assertEqual(self.broker.submitted("refs/heads/topic")[-2:], [two, one])

    def test_an_empty_repository_is_waited_for(self):
        watcher = self.watch()
        self.broker.wait_for(lambda: self.broker.listed, "heads asked")
        first = self.repository.commit("first")
        self.wait_for_head(first)
        self.assertNotIn("warn", watcher.log())

    def test_tags_and_other_refs_are_watched_when_asked_for(self):
        first = self.repository.commit("first")
        self.repository.git("tag", "-a", "-m", "x", "v1")
        self.repository.git("update-ref", "refs/pull/7/head", first)
        self.watch("--ref", "refs/tags/*", "--ref", "refs/pull/*/head", "--", self.repository)
        self.wait_for_head(first, "refs/tags/v1")
        self.wait_for_head(first, "refs/pull/7/head")
        self.assertEqual(self.broker.submitted("refs/heads/main"), [])

    def test_newest_only_submits_the_tip_of_a_push(self):
        watcher = self.wait_for_first("--newest-only", self.repository.url, every="1h")
        new = self.repository.commits(5)
        self.broker.notify(self.repository.url)
        self.wait_for_head(new[0], repository=self.repository.url)
        self.assertEqual(self.broker.submitted()[1:], [new[0]])
        watcher.stop()

    def test_a_notice_makes_it_look_at_once(self):
        self.wait_for_first(self.repository.url, every="1h")
        new = self.repository.commit("second")
        self.broker.notify(self.repository.url)
        self.wait_for_head(new, repository=self.repository.url)
        self.assertEqual(self.broker.submitted()[1:], [new])

    def test_a_ref_that_moves_on_this_machine_is_heard_of_at_once(self):
        self.wait_for_first(every="1h")
        self.wait_for_head(self.repository.commit("by a commit"))
        self.repository.git("checkout", "--quiet", "-b", "a/branch/with/a/long/name")
        new = self.repository.commit("on a branch")
        self.wait_for_head(new, "refs/heads/a/branch/with/a/long/name")
        self.repository.git("pack-refs", "--all")
        self.repository.git("checkout", "--quiet", "main")
        self.repository.git("branch", "--quiet", "-D", "a/branch/with/a/long/name")
        self.wait_for_head("", "refs/heads/a/branch/with/a/long/name")
        self.wait_for_head(self.repository.commit("after the refs were packed"))

    def test_a_push_that_was_heard_of_is_submitted_before_it_is_fetched(self):
        self.wait_for_first(every="1h")
        self.wait_for_head(self.repository.commit("which it looks for after its first look"))
        [lock] = self.directory.glob("**/project-*.git.lock")
        with open(lock) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            new = self.repository.commit("while nothing can be fetched")
            self.wait_for_head(new)
        self.assertEqual(self.broker.submitted()[2:], [new])
        self.repository.git("checkout", "--quiet", "-b", "other", "HEAD~1")
        self.wait_for_head(self.repository.commit("of the other"), "refs/heads/other")

    def test_a_repository_that_takes_the_place_of_another_is_heard_of_too(self):
        self.wait_for_first(every="1h")
        self.repository.path.rename(self.directory / "elsewhere")
        self.wait_for_head(Repository(self.repository.path).commit("of the other one"))
        self.wait_for_head(self.repository.commit("another"))

    def test_a_notice_that_came_before_it_could_hear_any_is_made_up_for_by_its_first_look(self):
        self.broker.holds_notices = True
        self.repository.commit("first")
        self.watch(self.repository.url, every="1h")
        self.broker.wait_for(lambda: self.broker.listed, "heads asked")
        new = self.repository.commit("second")
        self.broker.notify(self.repository.url)
        self.broker.holds_notices = False
        self.wait_for_head(new, repository=self.repository.url)
        self.assertEqual(self.broker.submitted(), [new])

    def test_a_remote_that_is_away_costs_one_warning_and_nothing_is_lost(self):
        watcher = self.wait_for_first()
        self.repository.path.rename(self.directory / "elsewhere")
        watcher.wait_for_log("cannot fetch")
        (self.directory / "elsewhere").rename(self.repository.path)
        new = self.repository.commits(3)
        watcher.wait_for_log("can be read again")
        self.wait_for_head(new[0])
        self.assertEqual(sorted(self.broker.submitted()[1:]), sorted(new))
        self.assertEqual(watcher.log().count("cannot fetch"), 1)

    def test_what_could_not_be_read_is_looked_at_again_soon_however_rarely_it_looks(self):
        later = self.directory / "later"
        watcher = self.watch(later, every="1h")
        watcher.wait_for_log("there is no such directory")
        first = Repository(later).commit("first")
        self.wait_for_head(first, repository=later.resolve())

    def test_a_repository_that_is_not_there_yet_is_waited_for(self):
        later = self.directory / "later"
        watcher = self.watch(later)
        watcher.wait_for_log("there is no such directory")
        first = Repository(later).commit("first")
        self.wait_for_head(first, repository=later.resolve())

    def test_a_restarted_watcher_asks_what_was_submitted(self):
        watcher = self.wait_for_first()
        watcher.stop()
        asked = len(self.broker.listed)
        new = self.repository.commits(3)
        self.watch()
        self.wait_for_head(new[0])
        self.assertEqual(self.broker.submitted()[1:], new)
        self.assertGreater(len(self.broker.listed), asked)
        self.assertEqual(set(self.broker.listed), {str(self.repository)})

    def test_a_watcher_that_lost_its_disk_loses_no_commit(self):
        self.wait_for_first().stop()
        subprocess.run(["rm", "-rf", str(self.directory / "state")], check=True)
        new = self.repository.commits(3)
        self.watch()
        self.wait_for_head(new[0])
        self.assertEqual(self.broker.submitted()[1:], new)

    def test_heads_may_come_in_several_answers(self):
        self.repository.commit("first")
        for number in range(5):
            self.repository.git("branch", f"b{number}")
        self.broker.heads_per_answer = 2
        watcher = self.watch()
        self.broker.wait_for(lambda: len(set(self.broker.advances)) == 6, "six heads")
        watcher.stop()
        new = self.repository.commit("second")
        self.watch()
        self.wait_for_head(new)
        self.assertEqual(len(self.broker.submitted()), 7)

    def test_a_broker_that_is_away_is_waited_for_and_asked_again(self):
        self.broker.stop()
        first = self.repository.commit("first")
        watcher = self.watch()
        watcher.wait_for_log("no answer from the broker")
        self.broker.start()
        self.wait_for_head(first)
        self.broker.stop()
        new = self.repository.commits(2)
        watcher.wait_for_log("no answer from the broker", count=2)
        asked = len(self.broker.listed)
        self.broker.start()
        self.wait_for_head(new[0])
        self.broker.wait_for(lambda: len(self.broker.listed) > asked, "heads asked again")
        self.assertEqual(set(self.broker.submitted()), {first, *new})

    def test_a_submit_whose_answer_was_lost_is_repeated_unchanged(self):
        self.broker.ignored_submits = 1
        first = self.repository.commit("first")
        self.watch()
        self.wait_for_head(first)
        self.assertEqual(len(self.broker.submits), 1)
        self.assertGreater(len(self.broker.repeated), 0)
        for repeated in self.broker.repeated:
            self.assertEqual(repeated, self.broker.submits[0])
        self.assertEqual(len(self.broker.submits[0]["request"]), 16)

    def test_a_refusal_is_told_and_tried_again(self):
        self.broker.refuse_submits = True
        first = self.repository.commit("first")
        watcher = self.watch()
        watcher.wait_for_log("not today")
        self.broker.refuse_submits = False
        self.wait_for_head(first)

    def test_two_watchers_at_once_are_harmless(self):
        self.wait_for_first()
        self.watch()
        new = self.repository.commits(20)
        self.broker.wait_for(lambda: set(self.broker.submitted()) >= set(new), "all commits")
        self.wait_for_head(new[0])
        self.assertEqual(len(self.broker.builds), 21)

    def silent_server(self):
        """Takes connections and never says a word."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        return f"http://127.0.0.1:{server.getsockname()[1]}/project.git"

    def test_a_repository_that_hangs_stops_no_other_one_and_no_shutdown(self):
        first = self.repository.commit("first")
        watcher = self.watch(self.silent_server(), self.repository)
        self.wait_for_head(first)
        second = self.repository.commit("second")
        self.wait_for_head(second)
        watcher.stop()

    def test_it_stops_while_the_broker_is_away(self):
        self.broker.stop()
        watcher = self.watch()
        watcher.wait_for_log("watching")
        watcher.stop()

    def test_what_is_run_comes_from_each_revision(self):
        self.repository.path.joinpath(".seaworthy.yml").write_text("run: make check\n")
        self.repository.git("add", ".")
        first = self.repository.commit("first")
        self.watch()
        self.wait_for_head(first)
        pipeline = self.broker.submits[0]["pipelines"][0]
        self.assertEqual(pipeline["jobs"][0]["steps"][0]["run"], "make check")
        self.repository.path.joinpath(".seaworthy.yml").write_text("rum: x\n")
        self.repository.git("add", ".")
        second = self.repository.commit("second")
        self.wait_for_head(second)
        decided = self.broker.submits[1]["pipelines"][0]["decided"]
        self.assertEqual(decided["verdict"], "failed")
        self.assertIn(".seaworthy.yml:1:1: unknown key 'rum' at the top; did you mean 'run'?",
                      decided["explanation"])

    def test_wrong_options_are_refused_with_advice(self):
        for arguments, advice in ((["--ref", "main", "x"], "refs/heads/*"), (["--every", "soon", "x"], "500ms"),
                                  (["--every", "0", "x"], "500ms"), ([], "repositories"),
                                  (["--broker", "nowhere", "x"], "tcp://127.0.0.1:8888")):
            with self.subTest(arguments=arguments):
                done = subprocess.run([WATCHER, "--state", str(self.directory / "state"), *arguments],
                                      capture_output=True, text=True, timeout=DEADLINE)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(advice, done.stderr + done.stdout)

    def test_help_and_version_answer(self):
        for option, text in (("--help", "Examples:"), ("--version", "seaworthy-watcher ")):
            done = subprocess.run([WATCHER, option], capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(done.returncode, 0)
            self.assertIn(text, done.stdout)


if __name__ == "__main__":
    unittest.main()
