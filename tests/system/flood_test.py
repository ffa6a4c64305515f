#!/usr/bin/python3
"""Jobs that write more than anyone can read, with the real worker and broker: nothing holds the job up, nobody's
memory grows with it, and what is kept is exact to the byte.
"""

import contextlib
import hashlib
import pathlib
import re
import subprocess
import time
import unittest

from programs import MEMORY_FACTOR, Case, Repository, until
from protocol import Connection, Worker, job, submit
from zmtp import memory_mib

CAP = 64 * 1024 * 1024  # of an attempt's output; half of it for the head
MOST_MIB = 200  # of memory, for each of broker, worker and leader
GREEDY = 64
GIVE_UP = 10  # seconds, after which a client does
CUT = re.compile(rb"\n==> (\d+) bytes of output were left out here\n")


def children(pid):
    with contextlib.suppress(OSError):
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def numbers(first, last):
    return "".join(f"{n}\n" for n in range(first, last + 1)).encode()


class Greedy:
    """A worker with a job, which sends all of its output at once, whatever the broker allows it."""

    CHUNK = 64 * 1024

    def __init__(self, address, number, output):
        self.worker, self.output, self.stored, self.recorded = Worker(address, f"greedy{number}"), output, 0, False
        self.worker.connection.socket.sndhwm = 0
        self.worker.hello()
        self.assign = self.worker.take(timeout=60)

    def message(self, name, blob=b"", **body):
        self.worker.connection.send(name, blob=blob, boot=self.worker.boot, job=self.assign["job"],
                                    attempt=self.assign["attempt"], **body)

    def send(self):
        """All that the broker is not known to have, then the outcome."""
        for offset in range(self.stored, len(self.output), self.CHUNK):
            self.message("Output", self.output[offset:offset + self.CHUNK], offset=offset)
        self.message("AttemptFinished", outcome="passed", output_bytes=len(self.output), detail="",
                     output_sha256=hashlib.sha256(self.output).hexdigest(), steps=[])

    def hear(self):
        while (message := self.worker.connection.receive(0)) is not None:
            name, body, _, _ = message
            self.recorded = self.recorded or name == "Recorded"
            if name == "OutputOk":
                self.stored = max(self.stored, body["offset"])


class GreedyWorkers(Case):
    def test_workers_that_heed_no_credit_keep_nobody_waiting_and_all_their_output_arrives(self):
        """More than the broker has room for, again and again: what it drops is sent again."""
        broker = self.start_broker()
        client = Connection(self.broker_address)
        builds = submit(client, "/srv/project", [f"{number:040x}" for number in range(GREEDY)])
        output = [bytes([65 + number % 26]) * (2 << 20) for number in range(GREEDY)]
        greedy = [Greedy(self.broker_address, number, output[number]) for number in range(GREEDY)]
        begun, waited = time.monotonic(), 0
        while unrecorded := [one for one in greedy if not one.recorded]:
            self.assertLess(time.monotonic() - begun, 300, "some outcomes are not recorded")
            for one in unrecorded:
                one.send()
            asked = time.monotonic()
            self.assertEqual(client.ask("QueueStatus", timeout=GIVE_UP, limit=1)[0], "QueueStatusOk")
            self.client("builds", timeout=60)  # a client of its own, which gives up by itself
            waited = max(waited, time.monotonic() - asked)
            for one in unrecorded:
                one.hear()
        peak = memory_mib(broker.pid, "VmHWM")
        print(f"  {GREEDY} greedy workers: {time.monotonic() - begun:.1f} s, peak of the broker {peak:.0f} MiB, two "
              f"questions took {waited:.1f} s at most", flush=True)
        self.assertLess(peak, MOST_MIB * MEMORY_FACTOR, "memory of the broker")
        for one, written in zip(greedy, output):
            log = self.client("log", one.assign["job"], timeout=60).stdout
            self.assertTrue(log == written, "the output is another one")
            one.worker.close()
        self.assertEqual({client.ask("ShowBuild", build=build)[1]["build"]["verdict"] for build in builds}, {"passed"})
        client.close()


class Flood(Case):
    def setUp(self):
        super().setUp()
        self.broker = self.start_broker()
        self.worker = self.start_worker("worker-1")
        self.repository = Repository(self.folder / "project")

    def flood(self, script):
        """Runs it as a job to its verdict; the whole log as the client gives it."""
        self.repository.pipeline("run: |\n" + "".join(f"  {line}\n" for line in script.splitlines()))
        self.start_watcher(self.repository.path)
        return self.finished_log()

    def finished_log(self):
        peak = {"broker": 0, "worker": 0, "leader": 0}

        def verdict():
            pids = [("broker", self.broker.pid), ("worker", self.worker.pid)]
            pids += [("leader", child) for child in children(self.worker.pid)]
            for name, pid in pids:
                with contextlib.suppress(OSError, AttributeError):  # it has ended, or is ending
                    peak[name] = max(peak[name], memory_mib(pid, "VmHWM"))
            builds = self.client_json("builds")
            return builds and builds[0]["verdict"]
        self.assertEqual(until(verdict, "the verdict", 600), "passed")
        [build] = self.client_json("builds")
        with contextlib.closing(Connection(self.broker_address)) as connection:
            [job] = connection.ask("ShowBuild", build=build["build"])[1]["jobs"]
        [attempt] = job["attempts"]
        self.took_ms = attempt["finished_ms"] - attempt["assigned_ms"]
        log = self.client("log", job["job"], timeout=600).stdout
        print(f"  {self.id().rsplit('.', 1)[-1]}: {self.took_ms / 1000:.1f} s, peaks in MiB: "
              + ", ".join(f"{name} {mib:.0f}" for name, mib in peak.items()), flush=True)
        for name, mib in peak.items():
            self.assertLess(mib, MOST_MIB * MEMORY_FACTOR, f"memory of the {name}")
        self.truncated, self.bytes = attempt["output_truncated"], attempt["output_bytes"]
        self.assertEqual(len(log), self.bytes)
        return log

    def assert_cut(self, log, total, head, tail):
        """`log` holds the start and the end of an output of `total` bytes, and says at the cut how much is missing.
        Its first bytes are head(count), its last ones tail(count)."""
        self.assertTrue(self.truncated)
        self.assertLessEqual(len(log), CAP)
        self.assertGreater(len(log), CAP - 4096)
        [cut] = CUT.finditer(log)
        start = log.index(head(20))
        end = log.rindex(tail(20)) + 20
        head_bytes, tail_bytes = cut.start() - start, end - cut.end()
        self.assertEqual(cut.start(), CAP // 2, "half of what is kept is the head")
        self.assertTrue(log[start:cut.start()] == head(head_bytes), "the head is exact")
        self.assertTrue(log[cut.end():end] == tail(tail_bytes), "the tail is exact")
        self.assertEqual(head_bytes + int(cut.group(1)) + tail_bytes, total)

    def test_a_gibibyte_as_fast_as_it_comes_keeps_head_and_tail_and_nobody_runs_out_of_memory(self):
        last = 119_000_000  # a little more than a GiB
        total = sum(9 * 10**(digits - 1) * (digits + 1) for digits in range(1, 9)) + (last - 99_999_999) * 10
        self.assertGreater(total, 1 << 30)
        log = self.flood(f"seq 1 {last}")
        start = time.monotonic()
        subprocess.run(["seq", "1", str(last)], stdout=subprocess.DEVNULL, check=True)
        print(f"  {total / 1e9:.2f} GB: {self.took_ms / 1000:.1f} s as a job, "
              f"{time.monotonic() - start:.1f} s to /dev/null", flush=True)
        self.assert_cut(log, total, lambda count: numbers(1, count // 8 + 1_000_000)[:count],
                        lambda count: numbers(last - count // 10 - 1, last)[-count:])

    def test_one_line_of_a_hundred_megabytes_is_cut_like_any_other_output(self):
        log = self.flood("head -c 50000000 /dev/zero | tr '\\0' x; head -c 50000000 /dev/zero | tr '\\0' y")
        self.assert_cut(log, 100_000_000, lambda count: b"x" * count, lambda count: b"y" * count)

    def test_bytes_that_are_no_text_arrive_as_they_were_written(self):
        written = self.folder / "written"
        log = self.flood(f"head -c 3000000 /dev/urandom | tee {written}\nhead -c 1000000 /dev/zero\necho end of it")
        self.assertFalse(self.truncated)
        self.assertTrue(written.read_bytes() + bytes(1_000_000) + b"end of it\n" in log, "it is not the same")

    def test_a_job_is_not_held_up_by_a_broker_that_is_away_and_nothing_of_it_is_missing(self):
        begun, away, ended = (self.folder / name for name in ["begun", "away", "ended"])
        self.repository.pipeline(f"run: |\n  touch {begun}\n  while [ ! -e {away} ]; do sleep 0.05; done\n"
                                 f"  seq 1 5000000\n  touch {ended}\n")
        self.start_watcher(self.repository.path)
        until(begun.exists, "the job runs")
        self.broker.kill()
        away.touch()
        until(ended.exists, "the job comes to its end without a broker")
        self.broker = self.start_broker()
        log = self.finished_log()
        self.assertFalse(self.truncated)
        self.assertTrue(numbers(1, 5_000_000) in log, "something is missing")


if __name__ == "__main__":
    unittest.main()
