#!/usr/bin/python3
"""A broker whose disk fills up: nothing that it acknowledged is lost, and it goes on when there is room."""

import contextlib
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest

import programs
from programs import Repository, until


class SmallDisk:
    """A tmpfs of its own; where mounting is not allowed the tests are skipped."""

    def __init__(self, size):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="seaworthy-disk-"))
        result = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.path)],
                                capture_output=True, text=True)
        if result.returncode != 0:
            self.path.rmdir()
            raise unittest.SkipTest(f"a tmpfs cannot be mounted here: {result.stderr.strip()}")

    def free(self):
        stat = os.statvfs(self.path)
        return stat.f_bavail * stat.f_frsize

    def fill(self, leave=0):
        """Takes everything but `leave` bytes."""
        with open(self.path / "filling", "ab", buffering=0) as file, contextlib.suppress(OSError):
            while self.free() > leave:
                file.write(b"x" * min(65536, self.free() - leave))

    def empty(self):
        (self.path / "filling").unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", str(self.path)], check=False)
        self.path.rmdir()


class FullDisk(programs.Case):
    def setUp(self):
        super().setUp()
        self.disk = SmallDisk("24m")
        self.addCleanup(self.disk.close)
        self.repository = Repository(self.folder / "project")
        self.go = self.folder / "go"
        self.running = self.start_broker("--min-free-disk", "4", state=self.disk.path / "broker")
        self.start_worker("amy")

    def says(self, text):
        until(lambda: text in self.running.output(), f"the broker says '{text}'")

    def run_job(self, script):
        """A first build whose only job runs `script` once self.go exists; it has begun when this returns."""
        self.repository.pipeline(f"jobs: {{test: {{run: 'until [ -e {self.go} ]; do sleep 0.05; done; {script}'}}}}")
        self.client("submit", self.repository.path)
        self.says("assigned")

    def test_a_disk_that_is_nearly_full_stops_new_work_but_not_what_runs(self):
        self.run_job("echo done")
        self.disk.fill(leave=3_000_000)
        self.says("nearly full")
        self.repository.commit("second")
        waiting = subprocess.Popen([str(programs.BIN / "seaworthy"), "submit", "--broker", self.broker_address,
                                    "--timeout", "10m", "--wait", str(self.repository.path)], env=programs.ENVIRONMENT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(waiting.kill)
        self.go.write_text("")
        self.says("build 1 passed")
        self.assertNotIn("build 2 queued", self.running.output())
        self.disk.empty()
        self.says("there is room")
        self.assertEqual(waiting.wait(programs.DEADLINE), 0)

    def test_a_disk_without_any_room_loses_nothing(self):
        self.run_job("for i in $(seq 1 60000); do echo line $i of the output; done")
        self.disk.fill()
        self.go.write_text("")
        self.says("waiting until there is room")
        self.disk.empty()
        self.says("build 1 passed")
        self.assertIsNone(self.running.process.poll(), "the broker lives")
        lines = [line for line in self.log_of(1).splitlines() if line.startswith("line ")]
        self.assertEqual(lines, [f"line {number} of the output" for number in range(1, 60001)])

    def test_old_builds_are_removed_while_the_broker_serves(self):
        self.go.write_text("")
        self.run_job("seq 1 20000")
        self.finished_builds(1)
        self.running.stop()
        state = self.disk.path / "broker"
        with contextlib.closing(sqlite3.connect(state / "seaworthy.db")) as store:
            store.execute("UPDATE build SET finished_ms = finished_ms - 86400000")
            store.commit()
        self.running = self.start_broker("--min-free-disk", "4", "--keep-days", "0.5", state=state)
        self.says("build 1 removed")
        until(lambda: not self.outputs(state), "its output is gone")
        shown = self.client("show", "1", check=False)
        self.assertIn("no build 1 any more", shown.stderr.decode())
        self.repository.commit("second")
        self.client("submit", "--wait", self.repository.path)

    def outputs(self, state):
        """Files of output; names by os.walk, which takes it as it comes when a folder is removed meanwhile."""
        return [name for _, _, names in os.walk(state / "output") for name in names if ".log" in name]


if __name__ == "__main__":
    unittest.main()
