"""Draws faults from a seed, and makes them happen.

schedule() is pure: the same seed and length give the same list. Which process a fault hits is in the list; what that
process is doing just then is not, so a schedule repeats the faults, not the execution.
"""

import dataclasses
import os
import random
import signal
import time
from collections import Counter

from chaos.proxy import MODES

HOUR_MS = 3_600_000
# Longest pause of a stopped program, in seconds; a lease with its grace is 4 s (house.TIMING).
LONGEST_STOP = 7.0


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing that breaks, `at` seconds after the start, for `lasts` seconds."""

    at: float
    kind: str
    target: str
    lasts: float
    amount: float = 0.0

    def __str__(self):
        return f"{self.at:7.2f} s  {self.kind:<16} {self.target:<12} {self.lasts:5.2f} s  {self.amount:g}"


KINDS = ("kill_broker", "kill_worker", "kill_leader", "kill_watcher", "kill_all", "stop_broker", "stop_worker",
         "partition", "full_disk", "failing_sync", "slow_sync", "clock_jump")


def schedule(seed, seconds, workers, proxies):
    """Each seed has its own mixture: some kinds do not happen, some happen often."""
    rng = random.Random(f"{seed} nemesis")
    weights = {}
    while len(weights) < 4:
        weights = {kind: weight for kind in KINDS if (weight := rng.choice((0, 1, 1, 3)))}
    weights["partition"] = rng.choice((1, 3))  # what the product must bear most often
    weights["kill_all"] = min(weights.get("kill_all", 0), 0.5)
    mean_gap = rng.choice((0.7, 1.2, 2.0))
    faults, at = [], rng.uniform(0.5, 2)
    while at < seconds:
        kind = rng.choices(list(weights), list(weights.values()))[0]
        faults.append(draw_fault(rng, round(at, 2), kind, workers, proxies))
        at += rng.expovariate(1 / mean_gap)
    return faults


def draw_fault(rng, at, kind, workers, proxies):
    target, lasts, amount = "broker", 0.0, 0.0
    if kind.startswith("kill") and kind != "kill_leader":
        lasts = rng.choice((0.0, rng.uniform(0, 2), rng.uniform(0, 8)))
    if kind in ("kill_worker", "kill_leader", "stop_worker"):
        target = rng.choice(workers)
    elif kind == "kill_watcher":
        target = "watcher"
    elif kind == "kill_all":
        target = "all"
    elif kind == "partition":
        mode = rng.choice(MODES)
        who = rng.choice(("all workers", "all", rng.choice(proxies), rng.choice(proxies), rng.choice(proxies)))
        target, lasts, amount = f"{who}:{mode}", rng.uniform(0.2, LONGEST_STOP), round(rng.uniform(0.05, 1), 2)
    elif kind == "full_disk":
        lasts, amount = rng.uniform(0.5, 5), rng.choice((0, 0, 64, 1_000))  # KB that are left
    elif kind == "failing_sync":
        target, lasts = rng.choice(("broker", "broker", "workers")), rng.uniform(0.1, 2)
    elif kind == "slow_sync":  # until the next one: what is done before it is durable is seen by a kill meanwhile
        amount = rng.choice((0, 5, 50, 300))  # ms
    elif kind == "clock_jump":
        target, amount = rng.choice(("broker", "workers", "both")), round(rng.uniform(-30, 30), 2)  # hours
    if kind.startswith("stop"):
        lasts = rng.choice((rng.uniform(0.1, 2), rng.uniform(2, LONGEST_STOP)))
    return Fault(at, kind, target, round(lasts, 2), amount)


class Nemesis:
    """Injects a schedule; `injected` counts what really hit something, by kind."""

    def __init__(self, house, network):
        self.house, self.network = house, network
        self.injected, self.missed = Counter(), Counter()
        self.endings = []  # (due, what to do), of faults that last

    def run(self, faults, started):
        for fault in faults:
            self._wait_until(started + fault.at)
            with self.house.lock:
                hit = getattr(self, "_" + fault.kind)(fault)
            (self.injected if hit else self.missed)[fault.kind] += 1

    def rest(self, until):
        """Waits, ending the faults that are due."""
        self._wait_until(until)

    def _wait_until(self, moment):
        while True:
            now = time.monotonic()
            due = [ending for ending in self.endings if ending[0] <= now]
            self.endings = [ending for ending in self.endings if ending[0] > now]
            for _, end in due:
                with self.house.lock:
                    end()
            if now >= moment:
                return
            time.sleep(max(0, min([moment - now, *(at - now for at, _ in self.endings)])))

    def _later(self, fault, end):
        self.endings.append((time.monotonic() + fault.lasts, end))
        return True

    # -- one function for each kind; they say whether they hit anything

    def _kill(self, name, fault):
        return self.house.roles[name].end(signal.SIGKILL, fault.lasts)

    def _kill_broker(self, fault):
        return self._kill("broker", fault)

    def _kill_worker(self, fault):
        return self._kill(fault.target, fault)

    def _kill_watcher(self, fault):
        return self._kill("watcher", fault)

    def _kill_all(self, fault):
        return any([self._kill(name, fault) for name in self.house.roles])

    def _kill_leader(self, fault):
        leaders = self.house.leaders_of(fault.target)
        for pid in leaders[:1]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return False
        return bool(leaders)

    def _stop(self, name, fault):
        role = self.house.roles[name]
        return role.stop() and self._later(fault, role.go_on)

    def _stop_broker(self, fault):
        return self._stop("broker", fault)

    def _stop_worker(self, fault):
        return self._stop(fault.target, fault)

    def _partition(self, fault):
        who, mode = fault.target.split(":")
        proxies = [proxy for name, proxy in self.network.proxies.items()
                   if who in ("all", name) or (who == "all workers" and name.startswith("worker"))]
        for proxy in proxies:
            proxy.set(mode, delay_seconds=fault.amount)

        def end():
            for proxy in proxies:
                proxy.set("open")
        return self._later(fault, end)

    def _full_disk(self, fault):
        if self.house.disk.full:
            return False
        self.house.broker_fails(True)
        self.house.disk.fill(fault.amount)

        def end():
            self.house.disk.empty()
            self.house.broker_fails(False)
        return self._later(fault, end)

    def _failing_sync(self, fault):
        if fault.target == "workers":  # a value for them, not their end: an attempt is Broken at worst
            self.house.worker_switches.set(sync_fails=1)
            return self._later(fault, lambda: self.house.worker_switches.set(sync_fails=0))
        self.house.broker_fails(True)
        self.house.broker_switches.set(sync_fails=1)

        def end():
            self.house.broker_switches.set(sync_fails=0)
            self.house.broker_fails(self.house.disk.full)
        return self._later(fault, end)

    def _slow_sync(self, fault):
        self.house.broker_switches.set(sync_slow_ms=fault.amount)
        return True

    def _clock_jump(self, fault):
        switches = {"broker": [self.house.broker_switches], "workers": [self.house.worker_switches],
                    "both": [self.house.broker_switches, self.house.worker_switches]}[fault.target]
        for one in switches:
            one.set(clock_ms=fault.amount * HOUR_MS)
        return True
