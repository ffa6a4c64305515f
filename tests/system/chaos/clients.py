"""Who uses the system while it is being broken: one commits, some submit, one cancels, one looks at everything.

Each is a thread of its own with a connection of its own, and tells the history what it asked and what it was told.
"""

import contextlib
import os
import threading
import time

import zmq

from chaos.project import REF, draw_plan, specifications
from protocol import Connection

ANSWER_SECONDS = 2.5  # then a new connection and the same question, as protocol.md says
MOST_UNFINISHED = 25  # builds; commits pause beyond it, so that the end comes soon after the faults


class Caller:
    """A client that asks until it is answered."""

    def __init__(self, address, stopping):
        self.address, self.stopping, self.connection = address, stopping, None

    def ask_once(self, name, **body):
        """(name, body) of the answer, or None."""
        self.connection = self.connection or Connection(self.address)
        try:
            return self.connection.ask(name, timeout=ANSWER_SECONDS, **body)[:2]
        except (TimeoutError, zmq.ZMQError):
            self.close()
            return None

    def ask(self, name, **body):
        """The answer's (name, body); None when the test is over before it came."""
        while not self.stopping.is_set():
            answer = self.ask_once(name, **body)
            if answer and not (answer[0] == "Error" and answer[1]["retryable"]):
                return answer
            self.stopping.wait(0.2)
        return None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Client:
    """A thread of the test. `asking` is set while commits and submits shall be made, `stopping` at the very end."""

    def __init__(self, world, name):
        self.world, self.history = world, world.history
        self.failure = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.run()
        except Exception as error:  # told by the test, which cannot go on without this one
            self.failure = error
            raise

    def caller(self, address):
        return Caller(address, self.world.stopping)

    def join(self):
        self.thread.join(30)


class Committer(Client):
    """Commits to the watched repository at moments drawn from the seed."""

    def __init__(self, world, rng):
        self.rng = rng
        super().__init__(world, "committer")

    def run(self):
        number = 1
        while self.world.asking.is_set():
            time.sleep(self.rng.expovariate(1 / 0.9))
            if self.world.unfinished() >= MOST_UNFINISHED:
                continue
            for _ in range(self.rng.choices((1, 4), (9, 1))[0]):  # sometimes several before the watcher looks
                self.world.commit(self.world.watched, draw_plan(self.rng, number), watched=True)
                number += 1


class Submitter(Client):
    """Commits to a repository nobody watches and submits each revision itself, now and then twice or again."""

    def __init__(self, world, rng, address):
        self.rng, self.address = rng, address
        super().__init__(world, "submitter")

    def run(self):
        caller, number = self.caller(self.address), 10_001
        made = []
        while self.world.asking.is_set():
            time.sleep(self.rng.expovariate(1 / 1.5))
            if self.world.unfinished() >= MOST_UNFINISHED:
                continue
            again = bool(made) and self.rng.random() < 0.1
            if again or (made and self.rng.random() < 0.15):
                plan, revision = self.rng.choice(made)
            else:
                plan = draw_plan(self.rng, number)
                revision, number = self.world.commit(self.world.direct, plan, watched=False), number + 1
                made.append((plan, revision))
            self.submit(caller, plan, revision, again)
        caller.close()

    def submit(self, caller, plan, revision, again):
        request, repository = os.urandom(16), str(self.world.direct.path)
        self.history.add("submit", request=request.hex(), repository=repository, ref=REF, revision=revision,
                         again=again)
        candidate = {"revision": revision, "depth": 0, "pipeline": 0, "subject": f"commit {plan.number}", "author": "A"}
        answer = caller.ask("Submit", request=request, repository=repository, ref=REF, tip=revision, again=again,
                            pipelines=[{"jobs": specifications(plan), "decided": None}], revisions=[candidate])
        self.world.acknowledged("submitted", answer, "SubmitOk", request=request.hex(),
                                build=answer and answer[0] == "SubmitOk" and answer[1]["builds"][0]["build"])


class Canceller(Client):
    """Cancels the builds whose plan says so, a while after they are seen for the first time."""

    def __init__(self, world, address):
        self.address = address
        super().__init__(world, "canceller")

    def run(self):
        caller, due, done = self.caller(self.address), {}, set()
        while not self.world.stopping.wait(0.05):
            for build, plan in self.world.to_cancel():
                due.setdefault(build, time.monotonic() + plan.cancel_after)
            for build in [build for build, at in due.items() if at <= time.monotonic() and build not in done]:
                done.add(build)
                self.history.add("cancel", build=build)
                answer = caller.ask("Cancel", build=build, reason="the test changed its mind")
                self.world.acknowledged("cancelled", answer, "CancelOk", build=build,
                                        count=answer and answer[1].get("cancelled"))
        caller.close()


class Looker(Client):
    """Looks at all builds and all events, again and again, directly at the broker."""

    def __init__(self, world, address):
        self.address = address
        self.rows, self.last_event, self.rounds = {}, 0, 0
        super().__init__(world, "looker")

    def run(self):
        caller = self.caller(self.address)
        while not self.world.stopping.wait(0.25):
            with contextlib.suppress(NoAnswer):
                self.look_at_builds(caller)
                self.look_at_events(caller)
                self.rounds += 1  # a whole round: what was durable before it began has been seen
        caller.close()

    def look_at_builds(self, caller):
        found = {row["build"]: row for row in all_builds(caller)}
        for build, row in sorted(found.items()):
            told = {key: row[key] for key in ("build", "repository", "ref", "revision", "state", "verdict")}
            if self.rows.get(build) != told:
                self.history.add("seen", **told)
        for build in self.rows.keys() - found.keys():
            self.history.add("vanished", build=build)
        self.rows = {build: {key: row[key] for key in ("build", "repository", "ref", "revision", "state", "verdict")}
                     for build, row in found.items()}

    def look_at_events(self, caller):
        for event in events_after(caller, self.last_event):
            self.history.add("told", **event)
            self.last_event = event["sequence"]


class NoAnswer(Exception):
    pass


def expect(caller, wanted, name, **body):
    answer = caller.ask_once(name, **body)
    if answer is None or answer[0] != wanted:
        raise NoAnswer(f"{name}: {answer}")
    return answer[1]


def all_builds(caller):
    rows, before = [], 0
    while True:
        page = expect(caller, "BuildList", "ListBuilds", repository="", ref="", revision="", limit=200,
                      before=before)["builds"]
        rows += page
        if not page:
            return rows
        before = page[-1]["rank"]


def events_after(caller, sequence):
    """What of each event never changes, in order."""
    keys = ("sequence", "kind", "build", "job", "attempt", "worker", "at_ms")
    events = []
    while True:
        page = expect(caller, "Events", "FetchEvents", after=sequence, limit=200, wait_ms=0)["events"]
        events += [{key: event[key] for key in keys} for event in page]
        if not page:
            return events
        sequence = page[-1]["sequence"]
