"""A Buildbot of Debian's packages, with one worker, that bench/latency hands pushes to."""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import time

import common

CONFIGURATION = pathlib.Path(__file__).resolve().with_name("buildbot_master.py")
START_SECONDS = 60


def is_installed():
    return bool(shutil.which("buildbot", path="/usr/bin") and shutil.which("buildbot-worker", path="/usr/bin"))


class Buildbot:
    """Its database is SQLite, as it comes; Git updates the work tree of the build before."""

    def __init__(self, folder, repository, job):
        self.folder, port, worker_port = folder, common.free_port(), common.free_port()
        folder.mkdir()
        self.environment = common.ENVIRONMENT | {"BENCH": json.dumps({
            "repository": str(repository), "job": job, "port": port, "worker_port": worker_port})}
        self.programs = []
        self.run("/usr/bin/buildbot", "create-master", "--quiet", "master")
        shutil.copy(CONFIGURATION, folder / "master" / "master.cfg")
        self.run("/usr/bin/buildbot-worker", "create-worker", "--quiet", "--keepalive=0", "worker", f"127.0.0.1:{worker_port}",
                 "one", "secret")
        self.start("/usr/bin/buildbot", "start", "--nodaemon", "master")
        self.start("/usr/bin/buildbot-worker", "start", "--nodaemon", "worker")
        self.socket = self.connected(port)
        self.answers = self.socket.makefile("r")

    def run(self, *words):
        subprocess.run(words, cwd=self.folder, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def start(self, *words):
        with open(self.folder / "log", "ab") as log:
            self.programs.append(subprocess.Popen(words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                                  stdout=log, stderr=log))

    def connected(self, port):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
            time.sleep(0.05)
        raise SystemExit("buildbot did not start:\n" + (self.folder / "log").read_text()[-2000:])

    def times_of(self, revision):
        """When its first line of output came, and when its end was recorded."""
        self.socket.sendall(f"{revision}\n".encode())
        times = {}
        while "end" not in times:
            what, of, when = self.answers.readline().split()
            if of == revision:
                assert what != "failed", "a build of Buildbot's failed"
                times[what] = float(when)
        return times["first"], times["end"]

    def stop(self):
        self.socket.close()
        for program in reversed(self.programs):
            program.terminate()
            program.wait()
