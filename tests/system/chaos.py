#!/usr/bin/python3
"""Chaos: the real programs at work while everything breaks, and a judge of what everyone saw.

    chaos.py                      60 seconds of faults under a random seed, which is printed
    chaos.py --seed 4711          the same schedule of faults and commits again
    chaos.py --schedule           prints the schedule and does nothing
    chaos.py --seed 4711 --keep   keeps the folder: logs, history.jsonl, the broker's state

A broker, four workers and a watcher run, each behind a proxy of its own; commits, submits and cancels go on while
faults are injected. Then everything is healed, every build gets its verdict, the broker is killed and started once
more, and the history is judged (chaos/history.py says for what). Exit code: 0 all is well, 1 a promise was broken,
2 the test could not be run.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

from chaos import clients
from chaos.history import History, violations
from chaos.house import SHIM, House
from chaos.nemesis import Nemesis, schedule
from chaos.project import REF, Project, draw_plan, own_output
from chaos.proxy import Network
from programs import BIN, until

WORKERS = [f"worker-{number}" for number in range(1, 5)]
PROXIES = [*WORKERS, "watcher", "submitter", "canceller"]
SETTLE_SECONDS = 600  # generous: a job that was broken twice pauses for 35 s


class World:
    """Everything of one run: the house, the projects, the clients, the history, and what they must know together."""

    def __init__(self, folder, seed, may_mount):
        self.folder, self.seed = folder, seed
        self.history = History(folder / "history.jsonl")
        self.house = House(folder, self.history, may_mount)
        self.network, self.clients, self.askers = None, [], []
        self.executions = folder / "executions"
        self.watched = Project(folder / "watched", self.executions)
        self.direct = Project(folder / "direct", self.executions)
        self.plans, self.lock = {}, threading.Lock()  # of (repository, revision)
        self.asking, self.stopping = threading.Event(), threading.Event()

    def start(self):
        self.house.start_first_broker()
        self.network = Network(self.house.broker_address)
        addresses = {name: self.network.add(name) for name in PROXIES}
        self.asking.set()
        for name in WORKERS:
            self.house.add_worker(name, addresses[name])
        self.commit(self.watched, draw_plan(random.Random(f"{self.seed} first"), 0), watched=True)
        self.house.add_watcher(addresses["watcher"], self.watched.path, every="1s")
        self.looker = clients.Looker(self, self.house.broker_address)
        until(lambda: self.looker.rows, "the first build")
        result = self.house.run_cli("hook", "install", self.watched.path)
        assert result.returncode == 0, result.stderr
        self.askers = [
            clients.Committer(self, random.Random(f"{self.seed} committer")),
            clients.Submitter(self, random.Random(f"{self.seed} submitter"), addresses["submitter"])]
        self.clients = [self.looker, *self.askers, clients.Canceller(self, addresses["canceller"])]

    # -- what the clients ask

    def commit(self, project, plan, watched):
        # The revision is known before anyone can have seen it, for the judge as for the canceller.
        with self.lock:
            revision = project.commit(plan)
            self.plans[str(project.path), revision] = plan
        self.history.add("commit", repository=str(project.path), ref=REF, revision=revision, watched=watched,
                         verdict=plan.verdict(), jobs=plan.expected())
        return revision

    def unfinished(self):
        return sum(1 for row in list(self.looker.rows.values()) if row["verdict"] is None)

    def to_cancel(self):
        """(build, plan) of all builds that are there and shall be cancelled."""
        with self.lock:
            plans = dict(self.plans)
        for build, row in list(self.looker.rows.items()):
            plan = plans.get((row["repository"], row["revision"]))
            if plan and plan.cancel_after is not None:
                yield build, plan

    def acknowledged(self, event, answer, wanted, **facts):
        if answer is not None and answer[0] == wanted:
            self.history.add(event, **facts)
        elif answer is not None:  # asking again is no use; without an answer the test was over before
            self.history.add("refused", question=event, answer=str(answer))

    # -- the end

    def unsettled(self):
        """What has not come to its end yet, in words; empty when all has."""
        failed = [client.failure for client in self.clients if client.failure]
        if failed:
            raise failed[0]
        rows = list(self.looker.rows.values())
        words = [f"the {client.thread.name} has not finished" for client in self.askers if client.thread.is_alive()]
        words += [f"build {row['build']} has no verdict" for row in rows if row["verdict"] is None]
        built = {(row["repository"], row["revision"]) for row in rows}
        words += [f"revision {revision} has no build" for repository, revision in self.plans
                  if repository == str(self.watched.path) and (repository, revision) not in built]
        waiting = len(self.history.all("submit")) - len(self.history.all("submitted") + self.history.all("refused"))
        return words + ([f"{waiting} submits have no answer"] if waiting > 0 else [])

    def settle(self):
        """Heals everything and waits for the ends; returns what did not come to one."""
        self.asking.clear()
        self.network.heal()
        self.house.heal()
        end = time.monotonic() + SETTLE_SECONDS
        while (left := self.unsettled()) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def look_again_after_a_restart(self):
        """What is durable is what is there after a kill."""
        with self.house.lock:
            self.house.roles["broker"].end(signal.SIGKILL, 0)
        seen = self.looker.rounds
        until(lambda: self.looker.rounds >= seen + 2, "the broker answers after its last restart")
        self.stopping.set()
        for client in self.clients:
            client.join()

    def collect(self):
        """What is there at the end, into the history."""
        caller = clients.Caller(self.house.broker_address, threading.Event())
        for build in sorted(clients.all_builds(caller), key=lambda row: row["build"]):
            detail = clients.expect(caller, "BuildDetail", "ShowBuild", build=build["build"])
            keys = ("job", "name", "verdict", "note", "attempts")
            jobs = [{key: job[key] for key in keys} for job in detail["jobs"]]
            self.history.add("final", jobs=jobs, **{key: build[key] for key in (
                "build", "repository", "ref", "revision", "state", "verdict")})
            for job in jobs:
                self.collect_output(job)
        self.history.add("final_events", events=clients.events_after(caller, 0))
        caller.close()
        for line in self.executions.read_text().splitlines():
            job, attempt, revision, name = line.split()
            self.history.add("ran", job=int(job), attempt=int(attempt), revision=revision, name=name)

    def collect_output(self, job):
        if job["verdict"] not in ("passed", "failed") or not job["attempts"]:
            return
        log = self.house.run_cli("log", job["job"]).stdout
        own = own_output(log) or b""
        (self.folder / "outputs").mkdir(exist_ok=True)
        (self.folder / "outputs" / str(job["job"])).write_bytes(log)
        self.history.add("output", job=job["job"], bytes=len(own), sha256=hashlib.sha256(own).hexdigest(),
                         whole=len(log) == job["attempts"][-1]["output_bytes"])

    def check_store(self):
        """The store's own invariants, where the program that knows them is there."""
        fsck = BIN / "seaworthy-fsck"
        if not fsck.exists():
            return []
        result = subprocess.run([str(fsck), "--state", str(self.folder / "broker")], capture_output=True, text=True)
        return [f"seaworthy-fsck: {result.stdout}{result.stderr}"] if result.returncode else []

    def close(self):
        """Ends whatever still runs."""
        self.asking.clear()
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.house.heal()
        troubles = self.house.stop_all()
        with contextlib.suppress(AssertionError):  # hooks' notices give up after ten seconds
            until(lambda: not self.house.strays(), "no process is left", deadline=60)
        for pid, words in self.house.strays().items():
            troubles.append(f"process {pid} was left running: {words}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.network:
            self.network.close()
        self.history.close()
        return troubles


def run(options, folder):
    faults = schedule(options.seed, options.seconds, WORKERS, PROXIES)
    world = World(folder, options.seed, not options.no_mount)
    found = []
    try:
        world.start()
        nemesis, started = Nemesis(world.house, world.network), time.monotonic()
        nemesis.run(faults, started)
        nemesis.rest(started + options.seconds)
        broken_for = time.monotonic() - started
        found += [f"not settled {SETTLE_SECONDS} s after everything was healed: {words}" for words in world.settle()]
        settled_after = time.monotonic() - started - broken_for
        world.look_again_after_a_restart()
        world.collect()
        found += violations(world.history.events)
    finally:
        found += world.close()
        found += world.check_store()
        if options.keep and world.house.disk.mounted:
            shutil.copytree(folder / "broker", folder / "broker.kept")
        world.house.disk.close()
    summarise(world, nemesis, settled_after)
    return found


def summarise(world, nemesis, settled_after):
    history = world.history
    jobs = [job for build in history.all("final") for job in build["jobs"]]
    restarts = {name: role.starts - 1 for name, role in world.house.roles.items()}
    lines = {
        "faults": ", ".join(f"{kind} {count}" for kind, count in sorted(nemesis.injected.items())),
        "missed": ", ".join(f"{kind} {count}" for kind, count in sorted(nemesis.missed.items())) or "none",
        "commits": len(history.all("commit")),
        "submits": f"{len(history.all('submit'))}, acknowledged {len(history.all('submitted'))}",
        "cancels": f"{len(history.all('cancel'))}, acknowledged {len(history.all('cancelled'))}",
        "builds": f"{len(history.all('final'))}, jobs {len(jobs)}",
        "verdicts": dict(Counter(job["verdict"] for job in jobs)),
        "outcomes": dict(Counter(attempt["outcome"] for job in jobs for attempt in job["attempts"])),
        "executions": len(history.all("ran")),
        "restarts": ", ".join(f"{name} {count}" for name, count in restarts.items()),
        "died": dict(Counter(f"{record['program']}: {record['words'][24:]}" for record in history.all("died"))),
        "settled": f"{settled_after:.0f} s after everything was healed",
    }
    for name, value in lines.items():
        print(f"  {name:<11} {value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of faults")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--schedule", action="store_true", help="print what would be done")
    parser.add_argument("--keep", action="store_true", help="keep the folder, also when all is well")
    parser.add_argument("--no-mount", action="store_true", help="a full disk by refused writes, not by a full tmpfs")
    options = parser.parse_args()
    print(f"chaos with seed {options.seed}, {options.seconds:g} s of faults; again with --seed {options.seed}",
          flush=True)
    if options.schedule:
        print(*schedule(options.seed, options.seconds, WORKERS, PROXIES), sep="\n")
        return 0
    if not SHIM.exists():
        print(f"{SHIM} is missing: build the target chaos_faults", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that everything is ended then, too
    folder = pathlib.Path(tempfile.mkdtemp(prefix="seaworthy-chaos-"))
    found = ["the test ended too early"]
    try:
        found = run(options, folder)
    finally:
        if options.keep:
            print(f"kept in {folder}")
        else:
            show_logs(folder) if found else None
            shutil.rmtree(folder, ignore_errors=True)
    for words in found:
        print(f"VIOLATION {words}")
    print(f"{len(found)} violations")
    return 1 if found else 0


def show_logs(folder):
    """The ends of the logs, for who has nothing else; --keep with the printed seed gives the rest."""
    for log in sorted(folder.glob("*.log")):
        print(f"---- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
