"""The real programs, each behind its own proxy, and what a machine's supervisor does: start again what died.

A Role is one program that shall run. The test may kill it, stop it and let it go on; the supervisor's thread starts it
again when its pause is over. What ended without being killed by the test is told to the history.
"""

import contextlib
import ctypes
import json
import mmap
import os
import pathlib
import signal
import struct
import subprocess
import threading
import time

from programs import BIN, DEADLINE, ENVIRONMENT, Program, processes_with

# Some leases run out while programs are stopped or cut off, and some do not.
TIMING = ["--heartbeat", "500ms", "--lease", "3s", "--grace", "1s", "--reattach", "10s"]
RESTART_PAUSE = 0.3  # of the supervisor, after a program that ended by itself
DISK_MB = 96
SHIM = BIN / "libchaos_faults.so"
CLONE_NEWNS = 0x00020000


class Switches:
    """The words of chaos_faults.cc, for the programs of one machine."""

    def __init__(self, path):
        path.write_bytes(bytes(32))
        with open(path, "r+b") as file:
            self.words = mmap.mmap(file.fileno(), 32)
        self.environment = {"LD_PRELOAD": str(SHIM), "CHAOS_FAULTS": str(path)}

    def set(self, sync_fails=None, disk_full=None, clock_ms=None, sync_slow_ms=None):
        for index, value in enumerate((sync_fails, disk_full, clock_ms, sync_slow_ms)):
            if value is not None:
                self.words[8 * index:8 * index + 8] = struct.pack("=q", int(value))

    def heal(self):
        self.set(0, 0, 0, 0)


class Disk:
    """The broker's disk: a tmpfs of its own where this is allowed, else the switch that refuses writes."""

    def __init__(self, folder, switches, may_mount):
        self.folder, self.switches = folder, switches
        folder.mkdir()
        self.mounted = may_mount and self._mount()
        self.full = False

    def _mount(self):
        # In a mount namespace of this process: nothing is left behind however it ends.
        libc = ctypes.CDLL(None, use_errno=True)
        if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
            return False
        commands = (["mount", "--make-rprivate", "/"],
                    ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "chaos", str(self.folder)])
        return all(subprocess.run(command, capture_output=True).returncode == 0 for command in commands)

    def fill(self, left_kb):
        """Shrinks the disk to what is used and `left_kb` more."""
        if self.mounted:
            usage = os.statvfs(self.folder)
            used_kb = (usage.f_blocks - usage.f_bfree) * usage.f_frsize // 1024
            self._resize(f"{used_kb + max(left_kb, 4)}k")
        else:
            self.switches.set(disk_full=1)
        self.full = True

    def empty(self):
        if self.mounted:
            self._resize(f"{DISK_MB}m")
        else:
            self.switches.set(disk_full=0)
        self.full = False

    def _resize(self, size):
        # Refused when it was filled further in the meantime; then the disk is as it was.
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], capture_output=True)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


class Role:
    """One program that shall run: start() makes the process; is_excused() says that it may end by itself now."""

    def __init__(self, name, start, is_excused=lambda: False):
        self.name, self.start, self.is_excused = name, start, is_excused
        self.program = None
        self.due = 0.0  # when it is started (again)
        self.is_stopped = False
        self.starts = 0

    def is_up(self):
        return self.program is not None and self.program.process.poll() is None

    def end(self, how, pause):
        """Sends a signal that ends it; False when there was nothing to end."""
        if not self.is_up():
            return False
        self.program.process.send_signal(how)
        self.program.process.send_signal(signal.SIGCONT)
        self.program.process.wait()
        self.program, self.due, self.is_stopped = None, time.monotonic() + pause, False
        return True

    def stop(self):
        if not self.is_up() or self.is_stopped:
            return False
        self.program.process.send_signal(signal.SIGSTOP)
        self.is_stopped = True
        return True

    def go_on(self):
        if self.is_up() and self.is_stopped:
            self.program.process.send_signal(signal.SIGCONT)
        self.is_stopped = False


class House:
    """All roles; `lock` is held while one is started, killed, stopped or looked at."""

    def __init__(self, folder, history, may_mount):
        self.folder, self.history = folder, history
        self.broker_switches, self.worker_switches = Switches(folder / "broker.faults"), Switches(folder / "w.faults")
        self.disk = Disk(folder / "broker", self.broker_switches, may_mount)
        self.lock = threading.RLock()
        self.roles = {}
        self.broker_address = None
        self.broker_failing_until = 0.0
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    # -- what runs

    def start_first_broker(self):
        help_text = subprocess.run([str(BIN / "seaworthy-broker"), "--help"], capture_output=True, text=True).stdout
        self.broker_options = ["--min-free-disk", "2"] if "--min-free-disk" in help_text else []
        read_end, write_end = os.pipe()
        program = self._broker("--ready-fd", write_end, pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            line = ready.readline()
        if not line:
            raise RuntimeError(f"the broker did not start: {program.output()}")
        self.broker_address = json.loads(line)["listen"]
        role = self._add(Role("broker", self._broker, self._broker_is_excused))
        role.program, role.starts = program, 1
        self.thread.start()

    def add_worker(self, name, address):
        self._add(Role(name, lambda: Program(
            self.folder / f"{name}.log", "seaworthy-worker", "--broker", address, "--name", name, "--state",
            self.folder / name, "--mirrors", self.folder / "mirrors", "--kill-grace", "1", "--min-free-disk", "1",
            environment=self.worker_switches.environment)))

    def add_watcher(self, address, repository, every):
        self._add(Role("watcher", lambda: Program(
            self.folder / "watcher.log", "seaworthy-watcher", "--broker", address, "--state", self.folder / "watch",
            "--mirrors", self.folder / "mirrors", "--every", every, repository)))

    def _broker(self, *more, **options):
        listen = self.broker_address or "tcp://127.0.0.1:0"
        return Program(self.folder / "broker.log", "seaworthy-broker", "--listen", listen, "--state",
                       self.folder / "broker", *TIMING, *self.broker_options, *more,
                       environment=self.broker_switches.environment, **options)

    def _add(self, role):
        with self.lock:
            self.roles[role.name] = role
        return role

    # A disk that was full, or failed, is noticed a little later.
    def broker_fails(self, is_failing):
        self.broker_failing_until = float("inf") if is_failing else time.monotonic() + 10

    def _broker_is_excused(self):
        return time.monotonic() < self.broker_failing_until

    # -- the supervisor

    def _supervise(self):
        while not self.closing.wait(0.05):
            with self.lock:
                for role in self.roles.values():
                    self._look_after(role)

    def _look_after(self, role):
        if role.program is not None and (code := role.program.process.poll()) is not None:
            words = (role.program.output().strip().splitlines() or [""])[-1][:300]
            self.history.add("died", program=role.name, code=code, excused=role.is_excused(), words=words)
            role.program, role.due, role.is_stopped = None, time.monotonic() + RESTART_PAUSE, False
        if role.program is None and time.monotonic() >= role.due:
            role.program = role.start()
            role.starts += 1

    def leaders_of(self, worker):
        """Pids of the processes that lead the worker's jobs."""
        return processes_with(f"seaworthy-leader\0{self.folder / worker}/spool/")

    def heal(self):
        """Everything runs and nothing fails any more."""
        with self.lock:
            self.broker_switches.heal()
            self.worker_switches.heal()
            self.disk.empty()
            self.broker_fails(False)
            for role in self.roles.values():
                role.go_on()
                role.due = 0.0

    def stop_all(self):
        """Ends everything in order; returns what did not end as it should."""
        self.closing.set()
        if self.thread.is_alive():
            self.thread.join()
        troubles = []
        for role in reversed(list(self.roles.values())):
            role.go_on()
            if role.program is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                if (code := role.program.stop()) != 0:
                    troubles.append(f"{role.name} ended with {code} when it was asked to stop")
                continue
            troubles.append(f"{role.name} did not end in time when it was asked to")
        return troubles

    def strays(self):
        """What is left of the programs and their jobs: {pid: command line}."""
        left = {}
        for pid in processes_with(str(self.folder)):
            if pid != os.getpid():
                with contextlib.suppress(OSError):
                    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                    left[pid] = words.replace(b"\0", b" ").decode(errors="replace")[:200]
        return left

    def run_cli(self, *arguments):
        return subprocess.run([str(BIN / "seaworthy"), arguments[0], "--broker", self.broker_address,
                               *map(str, arguments[1:])], capture_output=True, timeout=DEADLINE, env=ENVIRONMENT)
