"""What everyone saw, and who judges it.

History records; each line of its file is one event with `at`, seconds of the monotonic clock:

  commit        repository, ref, revision, watched, verdict, jobs {name: {verdict, needs, bytes, sha256}}
  submit        request, repository, ref, revision, again       invoked
  submitted     request, build                                  acknowledged
  cancel        build                                           invoked
  cancelled     build, count: of jobs                           acknowledged
  refused       question, answer                                an error that does not say "ask again"
  seen          build, repository, ref, revision, state, verdict    a row of a list, whenever it differs from before
  vanished      build                                           a later list did not have it
  told          sequence, kind, build, job, attempt, worker     an event of the broker, when first shown
  died          program, code, excused, words                   by itself, not by the test
  ran           job, attempt, revision, name                    a line that a job wrote; at the end
  final         build, …, jobs [{job, name, verdict, attempts}]    as `show --json`; at the end
  output        job, bytes, sha256, whole                       what the job wrote, as stored; at the end
  final_events  events                                          all, read again from the first; at the end

violations() is pure: it holds such a list of events against what is promised.
"""

import json
import threading
import time
from collections import Counter, defaultdict

LOSSES, FAILURES = 3, 3  # after so many attempts lost, or broken, a job is inconclusive


class History:
    def __init__(self, path):
        self.events = []
        self.file = open(path, "w")
        self.lock = threading.Lock()

    def add(self, event, **facts):
        record = {"event": event, "at": round(time.monotonic(), 4)} | facts
        with self.lock:
            self.events.append(record)
            self.file.write(json.dumps(record) + "\n")
            self.file.flush()

    def all(self, event):
        with self.lock:
            return [record for record in self.events if record["event"] == event]

    def close(self):
        self.file.close()


class Facts:
    """A history, sorted by what it tells of."""

    def __init__(self, history):
        self.by_event = defaultdict(list)
        for record in history:
            self.by_event[record["event"]].append(record)
        self.commits = {identity(record): record for record in self["commit"]}
        self.final = {record["build"]: record for record in self["final"]}
        self.cancels = {record["build"] for record in self["cancel"]}
        self.executions = Counter((record["job"], record["attempt"]) for record in self["ran"])
        self.outputs = {record["job"]: record for record in self["output"]}

    def __getitem__(self, event):
        return self.by_event[event]

    def jobs(self):
        """(build, job, what is right for it or None) of each job at the end."""
        for build in self.final.values():
            right = self.commits.get(identity(build), {"jobs": {}})["jobs"]
            for job in build["jobs"]:
                yield build, job, right.get(job["name"])


def identity(record):
    return record["repository"], record["ref"], record["revision"]


def violations(history):
    """One sentence for each promise that the history breaks."""
    facts = Facts(history)
    return [text for check in CHECKS for text in check(facts)]


# ---- nothing is lost, nothing is doubled

def acknowledged_builds_exist(facts):
    asked = {record["request"]: record for record in facts["submit"]}
    for record in facts["submitted"]:
        build = facts.final.get(record["build"])
        if build is None:
            yield f"build {record['build']} was acknowledged and is missing"
        elif identity(build) != identity(asked[record["request"]]):
            yield f"build {record['build']} was acknowledged for another revision than it has"


def nothing_is_refused(facts):
    for record in facts["refused"]:
        yield f"{record['question']} was refused for good: {record['answer']}"


def a_request_has_one_build(facts):
    builds, again = defaultdict(set), {record["request"] for record in facts["submit"] if record["again"]}
    for record in facts["submitted"]:
        builds[record["request"]].add(record["build"])
    for request, some in builds.items():
        if len(some) > 1:
            yield f"request {request} was answered with several builds: {sorted(some)}"
    asked_again = Counter(build for request in again for build in builds[request])
    for build, count in asked_again.items():
        if count > 1:
            yield f"build {build} answers {count} requests that each asked for another build"


def a_revision_has_one_build(facts):
    builds = defaultdict(set)
    for record in facts["seen"] + facts["final"]:
        builds[identity(record)].add(record["build"])
    # Who asked again without an answer may have got a build, or not.
    again = Counter(identity(record) for record in facts["submit"] if record["again"])
    for revision, some in builds.items():
        if len(some) > 1 + again[revision]:
            yield f"revision {revision} has several builds: {sorted(some)}"
        if revision not in facts.commits:
            yield f"builds {sorted(some)} are of a revision nobody made: {revision}"


def every_commit_has_a_build(facts):
    built = {identity(build) for build in facts.final.values()}
    for revision, commit in facts.commits.items():
        if commit["watched"] and revision not in built:
            yield f"revision {revision} has no build"


def a_build_once_seen_stays(facts):
    for record in facts["vanished"]:
        yield f"build {record['build']} was listed and later was not"
    for build in {record["build"] for record in facts["seen"]} - facts.final.keys():
        yield f"build {build} was seen and is missing at the end"


# ---- verdicts

def every_build_has_a_verdict(facts):
    for build in facts.final.values():
        if build["verdict"] is None:
            yield f"build {build['build']} has no verdict"
        for job in build["jobs"]:
            if job["verdict"] is None:
                yield f"job {job['job']} has no verdict"


def a_verdict_never_changes(facts):
    last = {}
    for record in facts["seen"] + facts["final"]:
        before = last.setdefault(record["build"], record)
        if identity(before) != identity(record):
            yield f"build {record['build']} changed its revision"
        if before["verdict"] is not None and before["verdict"] != record["verdict"]:
            yield f"build {record['build']} was {before['verdict']}, then {record['verdict']}"
        last[record["build"]] = record


def a_job_s_verdict_is_right(facts):
    for build, job, right in facts.jobs():
        name = f"job {job['job']} ({job['name']} of build {build['build']})"
        if right is None:
            yield f"{name} is not in the pipeline of its revision"
            continue
        verdicts = {other["name"]: other["verdict"] for other in build["jobs"]}
        allowed = {right["verdict"]}
        if build["build"] in facts.cancels:
            allowed.add("cancelled")
        if any(verdicts.get(need) != "passed" for need in right["needs"]):
            allowed = {"skipped"} | (allowed & {"cancelled"})
        if job["verdict"] == "inconclusive":
            if not has_story(job):
                yield f"{name} is inconclusive without the story: {outcomes(job)}"
        elif job["verdict"] is not None and job["verdict"] not in allowed:
            yield f"{name} is {job['verdict']}, right is {right['verdict']}: {outcomes(job)}"


def outcomes(job):
    return [attempt["outcome"] for attempt in job["attempts"]]


def has_story(job):
    found = Counter(outcomes(job))
    return found["lost"] >= LOSSES or found["broken"] >= FAILURES


def losses_are_bounded(facts):
    for _, job, _ in facts.jobs():
        found = Counter(outcomes(job))
        if found["lost"] > LOSSES or found["broken"] > FAILURES:
            yield f"job {job['job']} went on after its last loss: {outcomes(job)}"


def a_build_s_verdict_follows_from_its_jobs(facts):
    for build in facts.final.values():
        commit = facts.commits.get(identity(build))
        if commit is None or build["verdict"] is None:
            continue
        found = {job["name"]: job["verdict"] for job in build["jobs"]}
        right = {name: job["verdict"] for name, job in commit["jobs"].items()}
        if found == right and build["verdict"] != commit["verdict"]:
            yield f"build {build['build']} is {build['verdict']}, right is {commit['verdict']}: {found}"
        if build["verdict"] == "passed" and set(found.values()) != {"passed"}:
            yield f"build {build['build']} passed with jobs that did not: {found}"


def no_attempt_starts_after_a_cancel(facts):
    for record in facts["final_events"]:
        cancelled = set()
        for event in record["events"]:
            if event["kind"] == "cancel_requested":
                cancelled.add(event["job"])
            if event["kind"] == "attempt_assigned" and event["job"] in cancelled:
                yield f"job {event['job']} was assigned (attempt {event['attempt']}) after it was cancelled"


def an_acknowledged_cancel_counts(facts):
    for record in facts["cancelled"]:
        jobs = facts.final.get(record["build"], {"jobs": []})["jobs"]
        if sum(job["verdict"] == "cancelled" for job in jobs) < record["count"]:
            yield f"{record['count']} jobs of build {record['build']} were cancelled, and it does not say so"


# ---- executions and output

def executions_match_verdicts(facts):
    for (job, attempt), count in facts.executions.items():
        if count > 1:
            yield f"attempt {attempt} of job {job} ran {count} times"
    for _, job, _ in facts.jobs():
        ran = [attempt for number, attempt in facts.executions if number == job["job"]]
        if job["verdict"] in ("passed", "failed"):
            last = job["attempts"][-1]["attempt"] if job["attempts"] else None
            if last not in ran:
                yield f"job {job['job']} {job['verdict']} with attempt {last}, which never ran (ran: {ran})"
        if job["verdict"] == "skipped" and ran:
            yield f"job {job['job']} was skipped and ran"


def stored_output_is_what_the_job_wrote(facts):
    for _, job, right in facts.jobs():
        if job["verdict"] not in ("passed", "failed") or right is None:
            continue
        stored = facts.outputs.get(job["job"])
        if stored is None:
            yield f"job {job['job']} has no stored output"
        elif (stored["bytes"], stored["sha256"]) != (right["bytes"], right["sha256"]) or not stored["whole"]:
            yield f"the output of job {job['job']} is not what it wrote ({stored['bytes']} of {right['bytes']} bytes)"


# ---- the story

def events_stay_and_have_no_gaps(facts):
    for record in facts["final_events"]:
        final = {event["sequence"]: event for event in record["events"]}
        if sorted(final) != list(range(1, len(record["events"]) + 1)):
            yield "the events are not numbered from 1 without gaps"
        for told in facts["told"]:
            event = final.get(told["sequence"])
            if event is None or any(told[key] != event[key] for key in event):
                yield f"event {told['sequence']} ({told['kind']}) was shown and is not there, or another, at the end"


def nothing_dies_by_itself(facts):
    for record in facts["died"]:
        # A supervisor's business; an assertion or a crash never is.
        if not record["excused"] or record["code"] < 0:
            yield f"{record['program']} died by itself with {record['code']}: {record['words']}"


CHECKS = [
    acknowledged_builds_exist, nothing_is_refused, a_request_has_one_build, a_revision_has_one_build,
    every_commit_has_a_build, a_build_once_seen_stays, every_build_has_a_verdict, a_verdict_never_changes,
    a_job_s_verdict_is_right, losses_are_bounded, a_build_s_verdict_follows_from_its_jobs,
    no_attempt_starts_after_a_cancel, an_acknowledged_cancel_counts, executions_match_verdicts,
    stored_output_is_what_the_job_wrote, events_stay_and_have_no_gaps, nothing_dies_by_itself]
