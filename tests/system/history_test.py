#!/usr/bin/python3
"""The judge of chaos.py: a good history is let pass, and each bad one is found for what is bad about it."""

import copy
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from chaos.history import violations  # noqa: E402

WHERE = {"repository": "/r", "ref": "refs/heads/main", "revision": "1" * 40}
OTHER = WHERE | {"revision": "2" * 40}
RIGHT = {"verdict": "passed", "needs": [], "bytes": 5, "sha256": "of it"}


def attempt(number=1, outcome="passed"):
    return {"attempt": number, "outcome": outcome, "worker": "worker-1", "output_bytes": 9}


def event(sequence, kind, job=7, attempt=1):
    return {"sequence": sequence, "kind": kind, "build": 3, "job": job, "attempt": attempt, "worker": "worker-1"}


class AHistory:
    """One commit, submitted by a client as well, passed by its first attempt; tests change what they are about."""

    def __init__(self):
        self.job = {"job": 7, "name": "a", "verdict": "passed", "note": "", "attempts": [attempt()]}
        self.build = WHERE | {"build": 3, "state": "finished", "verdict": "passed", "jobs": [self.job]}
        self.commit = WHERE | {"event": "commit", "watched": True, "verdict": "passed", "jobs": {"a": dict(RIGHT)}}
        self.output = {"event": "output", "job": 7, "bytes": 5, "sha256": "of it", "whole": True}
        self.ran = {"event": "ran", "job": 7, "attempt": 1, "revision": WHERE["revision"], "name": "a"}
        self.finals = [self.build]
        self.events = [event(1, "build_submitted"), event(2, "attempt_assigned"), event(3, "build_finished")]
        self.more = []  # in the order in which it happened, after everything else but the end

    def submit(self, request, build=None, again=False, where=WHERE):
        self.more.append(where | {"event": "submit", "request": request, "again": again})
        if build:
            self.more.append({"event": "submitted", "request": request, "build": build})

    def see(self, verdict, build=3, where=WHERE):
        self.more.append(where | {"event": "seen", "build": build, "state": "running", "verdict": verdict})

    def another_build(self, number, where=WHERE):
        build = copy.deepcopy(self.build) | where | {"build": number}
        build["jobs"][0]["job"] = number + 100
        self.finals.append(build)
        self.more.append(self.output | {"job": number + 100})
        self.more.append(self.ran | {"job": number + 100})
        return build

    def end_with(self, verdict, *outcomes):
        self.job["verdict"] = self.build["verdict"] = verdict
        self.job["attempts"] = [attempt(number, outcome) for number, outcome in enumerate(outcomes, 1)]
        self.ran["attempt"] = len(outcomes)

    def violations(self):
        return violations([self.commit, *self.more, self.ran, self.output,
                           *[build | {"event": "final"} for build in self.finals],
                           {"event": "final_events", "events": self.events}])


class Judge(unittest.TestCase):
    def setUp(self):
        self.history = AHistory()

    def assert_found(self, *words):
        found = self.history.violations()
        self.assertTrue(found, "nothing was found")
        for word in words:
            self.assertTrue(any(word in text for text in found), f"{word} is not in {found}")

    def assert_well(self):
        self.assertEqual(self.history.violations(), [])

    # -- what is well

    def test_a_good_history_is_let_pass(self):
        self.history.submit("q1", 3)
        self.history.submit("q1", 3)
        self.history.submit("q2")
        self.history.see(None)
        self.history.see("passed")
        self.history.more.append(event(2, "attempt_assigned") | {"event": "told"})
        self.assert_well()

    def test_lost_attempts_before_the_one_that_counts_are_normal(self):
        self.history.end_with("passed", "lost", "broken", "lost", "passed")
        self.assert_well()

    def test_inconclusive_with_the_story_is_let_pass(self):
        for how in "lost", "broken":
            with self.subTest(how):
                self.history.end_with("inconclusive", how, how, how)
                self.assert_well()

    def test_who_asks_again_gets_another_build(self):
        self.history.submit("q1", 4, again=True)
        self.history.another_build(4)
        self.assert_well()

    def test_a_cancelled_build_may_be_cancelled_or_have_its_own_verdict(self):
        self.history.more.append({"event": "cancel", "build": 3})
        self.assert_well()
        self.history.end_with("cancelled", "cancelled")
        self.assert_well()

    def test_a_job_whose_need_was_cancelled_is_skipped(self):
        self.history.more.append({"event": "cancel", "build": 3})
        self.history.end_with("cancelled", "cancelled")
        self.history.commit["jobs"]["b"] = RIGHT | {"needs": ["a"]}
        self.history.build["jobs"].append({"job": 8, "name": "b", "verdict": "skipped", "note": "", "attempts": []})
        self.assert_well()

    # -- what is lost or doubled

    def test_an_acknowledged_build_that_is_missing(self):
        self.history.submit("q1", 99)
        self.assert_found("build 99 was acknowledged and is missing")

    def test_an_acknowledgement_that_names_another_revision_s_build(self):
        self.history.submit("q1", 3, where=OTHER)
        self.assert_found("acknowledged for another revision")

    def test_a_request_that_was_refused_for_good(self):
        self.history.more.append({"event": "refused", "question": "submitted", "answer": "conflict"})
        self.assert_found("submitted was refused for good: conflict")

    def test_a_request_answered_with_two_builds(self):
        self.history.submit("q1", 3)
        self.history.submit("q1", 4)
        self.history.another_build(4)
        self.assert_found("q1 was answered with several builds", "has several builds")

    def test_two_requests_for_another_build_that_got_the_same(self):
        for request in "q1", "q2":
            self.history.submit(request, 4, again=True)
        self.history.another_build(4)
        self.assert_found("build 4 answers 2 requests")

    def test_a_revision_with_two_builds(self):
        self.history.another_build(4)
        self.assert_found("has several builds")

    def test_a_second_build_that_was_seen_only_once(self):
        self.history.see(None, build=4)
        self.assert_found("has several builds", "build 4 was seen and is missing at the end")

    def test_a_commit_without_a_build(self):
        self.history.more.append(self.history.commit | OTHER)
        self.assert_found(f"revision {('/r', 'refs/heads/main', '2' * 40)} has no build")

    def test_a_build_of_a_revision_nobody_made(self):
        self.history.another_build(4, where=OTHER)
        self.assert_found("nobody made")

    def test_a_build_that_was_not_in_a_later_list(self):
        self.history.more.append({"event": "vanished", "build": 3})
        self.assert_found("build 3 was listed and later was not")

    # -- verdicts

    def test_a_verdict_that_changed(self):
        self.history.see("failed")
        self.assert_found("build 3 was failed, then passed")

    def test_a_verdict_that_was_taken_back_for_a_while(self):
        self.history.see("passed")
        self.history.see(None)
        self.assert_found("build 3 was passed, then None")

    def test_a_build_that_changed_its_revision(self):
        self.history.see(None, where=OTHER)
        self.assert_found("build 3 changed its revision")

    def test_no_verdict(self):
        self.history.end_with(None, None)
        self.assert_found("build 3 has no verdict", "job 7 has no verdict")

    def test_a_wrong_verdict(self):
        self.history.end_with("failed", "failed")
        self.assert_found("(a of build 3) is failed, right is passed")

    def test_cancelled_though_nobody_cancelled(self):
        self.history.end_with("cancelled", "cancelled")
        self.assert_found("is cancelled, right is passed")

    def test_skipped_though_what_it_needs_passed(self):
        self.history.commit["jobs"]["b"] = RIGHT | {"needs": ["a"]}
        self.history.build["jobs"].append({"job": 8, "name": "b", "verdict": "skipped", "note": "", "attempts": []})
        self.assert_found("(b of build 3) is skipped")

    def test_a_job_that_ran_though_what_it_needs_failed(self):
        self.history.commit["jobs"]["a"] |= {"verdict": "failed"}
        self.history.commit["jobs"]["b"] = RIGHT | {"needs": ["a"], "verdict": "skipped"}
        self.history.build["jobs"].append(self.history.job | {"job": 8, "name": "b"})
        self.history.end_with("failed", "failed")
        self.assert_found("(b of build 3) is passed, right is skipped")

    def test_inconclusive_without_the_story(self):
        self.history.end_with("inconclusive", "lost", "broken", "lost")
        self.assert_found("inconclusive without the story")

    def test_more_losses_than_there_may_be(self):
        self.history.end_with("passed", "lost", "lost", "lost", "lost", "passed")
        self.assert_found("went on after its last loss")

    def test_a_job_that_is_not_in_the_pipeline(self):
        self.history.job["name"] = "z"
        self.assert_found("is not in the pipeline")

    def test_a_build_that_passed_with_a_job_that_did_not(self):
        self.history.commit["jobs"]["a"]["verdict"] = self.history.commit["verdict"] = "failed"
        self.history.end_with("failed", "failed")
        self.history.build["verdict"] = "passed"
        self.assert_found("build 3 is passed, right is failed", "passed with jobs that did not")

    def test_an_attempt_that_was_assigned_after_a_cancel(self):
        self.history.events.append(event(4, "cancel_requested"))
        self.history.events.append(event(5, "attempt_assigned", attempt=2))
        self.assert_found("assigned (attempt 2) after it was cancelled")

    def test_a_cancel_that_was_acknowledged_and_forgotten(self):
        self.history.more.append({"event": "cancel", "build": 3})
        self.history.more.append({"event": "cancelled", "build": 3, "count": 1})
        self.assert_found("were cancelled, and it does not say so")

    # -- executions and output

    def test_a_verdict_without_an_execution(self):
        self.history.ran["job"] = 8
        self.assert_found("attempt 1, which never ran")

    def test_a_verdict_of_an_attempt_that_did_not_run(self):
        self.history.end_with("passed", "lost", "passed")
        self.history.ran["attempt"] = 1
        self.assert_found("attempt 2, which never ran (ran: [1])")

    def test_an_attempt_that_ran_twice(self):
        self.history.more.append(dict(self.history.ran))
        self.assert_found("attempt 1 of job 7 ran 2 times")

    def test_a_skipped_job_that_ran(self):
        self.history.commit["jobs"]["a"]["verdict"] = "skipped"
        self.history.end_with("skipped", "passed")
        self.assert_found("was skipped and ran")

    def test_output_with_other_bytes_or_missing_ones_or_none(self):
        self.history.output["sha256"] = "of something else"
        self.assert_found("the output of job 7 is not what it wrote")
        self.history.output |= {"sha256": "of it", "bytes": 4}
        self.assert_found("4 of 5 bytes")
        self.history.output |= {"bytes": 5, "whole": False}
        self.assert_found("the output of job 7 is not what it wrote")
        self.history.output["job"] = 8
        self.assert_found("job 7 has no stored output")

    # -- the story

    def test_an_event_that_was_shown_and_is_gone_or_another(self):
        self.history.more.append(event(9, "build_finished") | {"event": "told"})
        self.assert_found("event 9 (build_finished) was shown")
        self.history.more[-1] = event(2, "attempt_lost") | {"event": "told"}
        self.assert_found("event 2 (attempt_lost) was shown")

    def test_events_with_a_gap(self):
        del self.history.events[1]
        self.assert_found("without gaps")

    def test_a_program_that_died_by_itself(self):
        died = {"event": "died", "program": "broker", "code": 2, "excused": False, "words": "why"}
        self.history.more.append(died)
        self.assert_found("broker died by itself with 2: why")
        died["excused"] = True
        self.assert_well()
        died["code"] = -6  # an assertion is nobody's disk
        self.assert_found("broker died by itself with -6")


if __name__ == "__main__":
    unittest.main()
