"""Starts the real programs for tests: each in a folder of its own, on ports the system chooses, and ends them.

A test waits for conditions, never for time: until() asks again until it holds or its deadline has passed.
"""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

BIN = pathlib.Path(os.environ.get("SEAWORTHY_BIN", "build/bin")).resolve()
# Of what the tests allow: programs with a sanitizer in them need more.
MEMORY_FACTOR = float(os.environ.get("SEAWORTHY_MEMORY_FACTOR", "1"))
DEADLINE = 180.0  # generous: a loaded machine is slow, and a passing test does not wait for it
# For tests that wait until a lease has run out. In all others none does, however long a machine stands still.
SHORT_LEASES = ["--heartbeat", "500ms", "--lease", "6s", "--grace", "1s", "--reattach", "60s"]
# Commands of `seaworthy` that give up when the broker has not answered for some seconds, unless they are told otherwise.
IMPATIENT = {"status", "workers", "builds", "show", "tests", "log", "submit", "cancel", "retry", "drain", "pause", "notify"}
# Tests must not depend on who runs them, nor on what is configured there.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(("SEAWORTHY_", "GIT_"))} | {
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}


def until(condition, what, deadline=DEADLINE):
    """The first true value of condition(); fails the test with `what` when none comes."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not come true within {deadline:.0f} s: {what}")
        time.sleep(0.02)


def git(*arguments, at=None, input=None):
    result = subprocess.run(["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
                            cwd=at, env=ENVIRONMENT, capture_output=True, text=True, input=input)
    assert result.returncode == 0, f"git {' '.join(map(str, arguments))}: {result.stderr}"
    return result.stdout.strip()


class Repository:
    """A real repository with a work tree."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        git("init", "-q", str(path))

    def commit(self, message="change", **files):
        """Files by name; '__' stands for '/', '_dot_' at the start for '.'. Returns the revision."""
        for name, text in files.items():
            self.write(name, text)
        git("add", "-A", at=self.path)
        git("commit", "-q", "--allow-empty", "-m", message, at=self.path)
        return git("rev-parse", "HEAD", at=self.path)

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def pipeline(self, text, message="pipeline"):
        self.write(".seaworthy.yml", text)
        return self.commit(message)


class Installed:
    """Programs in a place of their own, where they can be removed and replaced while they run."""

    def __init__(self, folder, *names):
        self.folder = folder
        folder.mkdir()
        for name in names:
            shutil.copy2(BIN / name, folder)

    def __truediv__(self, name):
        return self.folder / name

    def replace(self):
        """As an upgrade does: another file by each name. These can do nothing."""
        for path in list(self.folder.iterdir()):
            other = path.with_suffix(".new")
            other.write_text("#!/bin/sh\nexit 9\n")
            other.chmod(0o755)
            other.rename(path)


class Program:
    """A child process whose stderr is kept in a file."""

    def __init__(self, log, name, *arguments, pass_fds=(), environment=None, descriptors=None, before=()):
        """`descriptors`: at most so many, which is said to the process before it starts. `before`: words before the
        program's, as those of `ip netns exec`."""
        self.log = log

        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        with open(log, "ab") as stderr:
            self.process = subprocess.Popen([*before, str(BIN / name), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                            stdout=stderr, stderr=stderr, pass_fds=pass_fds, start_new_session=True,
                                            env=ENVIRONMENT | (environment or {}),
                                            preexec_fn=limit if descriptors else None)
        self.pid = self.process.pid

    def output(self):
        return pathlib.Path(self.log).read_text(errors="replace")

    def stop(self, how=signal.SIGTERM, deadline=DEADLINE):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def end(self):
        """Stops it as somebody does who does not want to wait: a worker gives its job back at the second signal."""
        for deadline in (1, 2, DEADLINE):
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self.process.poll() is None:
                    self.process.send_signal(signal.SIGTERM)
                self.process.wait(deadline)
                return
        self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()


class ReservedPort:
    """A port of the loopback that no other process is given, also while nobody listens there; who is to listen sets
    SO_REUSEADDR, as servers do."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.number = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


class Case(unittest.TestCase):
    """A folder of its own, and the programs that run in it; all ended and removed afterwards."""

    timing = ["--heartbeat", "500ms", "--lease", "60s", "--grace", "5s", "--reattach", "60s"]

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seaworthy-"))
        self.programs = []
        self.broker_address = None
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        self.end_programs()
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            for log in sorted(self.folder.rglob("*.log")):
                print(f"---- {log.name}\n{log.read_text(errors='replace')[-2000:]}", file=sys.stderr)
        subprocess.run(["chmod", "-R", "u+rwx", str(self.folder)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_programs(self):
        for program in reversed(self.programs):
            program.end()

    def start(self, name, *arguments, log=None, **more):
        program = Program(self.folder / f"{log or name}.log", name, *arguments, **more)
        self.programs.append(program)
        return program

    def start_broker(self, *arguments, state="broker", **more):
        """Returns the program; its address stays the same when it is started again."""
        if not self.broker_address:
            port = ReservedPort()
            self.addCleanup(port.close)
            self.broker_address = f"tcp://127.0.0.1:{port.number}"
        read_end, write_end = os.pipe()
        broker = self.start("seaworthy-broker", "--listen", self.broker_address, "--state",
                            self.folder / state, "--ready-fd", write_end, *self.timing, *arguments,
                            pass_fds=[write_end], **more)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            line = ready.readline()
        self.assertTrue(line, f"the broker did not start: {broker.output()}")
        broker.ready = json.loads(line)
        self.broker_address = broker.ready["listen"]
        return broker

    def start_worker(self, name, *arguments):
        return self.start("seaworthy-worker", "--broker", self.broker_address, "--name", name, "--state",
                          self.folder / name, "--mirrors", self.folder / "mirrors", *arguments, log=name)

    def start_watcher(self, *arguments, every="200ms"):
        return self.start("seaworthy-watcher", "--broker", self.broker_address, "--state", self.folder / "watcher",
                          "--mirrors", self.folder / "mirrors", "--every", every, *arguments, log="watcher")

    def run_cli(self, *arguments, check=True, timeout=DEADLINE, input=None):
        result = subprocess.run([str(BIN / "seaworthy"), *map(str, arguments)], capture_output=True, timeout=timeout,
                                env=ENVIRONMENT | {"XDG_STATE_HOME": str(self.folder / "xdg")}, input=input)
        if check:
            self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        return result

    def client(self, *arguments, **more):
        """A client command against this test's broker."""
        if arguments[0] in IMPATIENT and "--timeout" not in arguments:
            arguments = (arguments[0], "--timeout", "120s", *arguments[1:])
        return self.run_cli(arguments[0], "--broker", self.broker_address, *arguments[1:], **more)

    def client_json(self, *arguments):
        return json.loads(self.client(*arguments, "--json").stdout)

    def finished_builds(self, count, deadline=DEADLINE):
        """Waits until there are that many builds and all have their verdict; newest first."""
        def all_finished():
            builds = self.client_json("builds", "--limit", "500")
            return builds if len(builds) >= count and all(b["verdict"] for b in builds) else None
        return until(all_finished, f"{count} builds with a verdict", deadline)

    def log_of(self, job):
        return self.client("log", job).stdout.decode(errors="replace")


def processes_with(text):
    """Pids of processes whose command line contains `text`."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if text.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found
