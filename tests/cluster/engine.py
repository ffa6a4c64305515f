"""The Docker engine of the test: the one that runs, or one of its own that shares nothing with the machine's.

An engine of its own lives in new network, mount and process namespaces: its bridge, iptables chains, mounts and all
processes end with the first process in there, and the ports that containers publish are not the machine's. What it
needs outside is one pair of interfaces, three iptables rules and a folder.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

START_SECONDS = 60
# In there: no daemon of this machine is found below /run, and nothing starts before the network stands.
START = 'mount -t tmpfs tmpfs /run && ip link set lo up && read -r go && exec dockerd "$@"'


class CannotRun(Exception):
    """This machine cannot run an engine; the text says why."""


def run(*command, check=True, timeout=120, **more):
    result = subprocess.run([str(word) for word in command], stdin=more.pop("stdin", subprocess.DEVNULL),
                            capture_output=True, text=True, timeout=timeout, **more)
    if check and result.returncode != 0:
        said = (result.stdout + result.stderr).strip()[-3000:]
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{said}")
    return result


class RunningEngine:
    """The engine that `docker` finds by itself."""

    description = "the running Docker engine"

    def __init__(self):
        self.environment = dict(os.environ)

    @staticmethod
    def answers():
        if not shutil.which("docker"):
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            return run("docker", "version", "--format", "{{.Server.Version}}", check=False, timeout=15).returncode == 0
        return False

    def log(self):
        return ""

    def close(self):
        pass


class OwnEngine:
    """`dockerd` in namespaces of its own, with its data below `folder`; close() removes all of it."""

    description = "an engine of its own"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "engine"
        self.name = f"swt{os.getpid()}"  # of the interface (at most 15 characters), and of the control groups
        self.process = None
        self.first = None  # the process whose end is the end of all
        self.rules = []
        self.forwarding = None
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/socket"

    def start(self):
        self.folder.mkdir(parents=True)
        for driver in ([], ["--storage-driver", "vfs"]):
            self._start(driver)
            if self._serves():
                return
            last_words = self.log()[-2000:]
            self.close()
            if "overlay" not in last_words and "driver not supported" not in last_words:
                break
            self.folder.mkdir(parents=True)
        raise CannotRun(f"dockerd ended at once; its last words:\n{last_words}")

    def _start(self, more):
        subnet, resolvers, mtu = free_subnet(), name_servers(), default_mtu()
        options = ["--host", f"unix://{self.folder}/socket", "--data-root", self.folder / "data",
                   "--exec-root", self.folder / "exec", "--pidfile", self.folder / "pid", "--mtu", mtu,
                   "--default-address-pool", f"base={subnet}.0.0/17,size=24", "--cgroup-parent", f"/{self.name}",
                   "--log-level", "warn", *more]
        for resolver in resolvers:
            options += ["--dns", resolver]
        with open(self.folder / "dockerd.log", "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                 "--mount-proc", "bash", "-c", START, "dockerd", *map(str, options)],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
        self.first = self._child()
        with contextlib.suppress(RuntimeError):  # without a way out images can be built if their packages are there
            self._connect(subnet, mtu)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b"go\n")
            self.process.stdin.flush()

    def _child(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                return int(children.read_text().split()[0])
            time.sleep(0.05)
        raise CannotRun(f"cannot make namespaces for an engine: {self.log()[-500:]}")

    def _connect(self, subnet, mtu):
        outside, inside = f"{subnet}.255.1", f"{subnet}.255.2"
        run("ip", "link", "add", self.name, "mtu", mtu, "type", "veth", "peer", "name", "outside", "mtu", mtu,
            "netns", self.first)
        run("ip", "address", "add", f"{outside}/30", "dev", self.name)
        run("ip", "link", "set", self.name, "up")
        for words in (["address", "add", f"{inside}/30", "dev", "outside"], ["link", "set", "outside", "up"],
                      ["route", "add", "default", "via", outside]):
            run("nsenter", "--target", self.first, "--net", "ip", *words)
        forwarding = pathlib.Path("/proc/sys/net/ipv4/ip_forward")
        self.forwarding = forwarding.read_text()
        forwarding.write_text("1")
        for rule in (["nat", "POSTROUTING", "-s", f"{inside}/32", "-j", "MASQUERADE"],
                     ["filter", "FORWARD", "-i", self.name, "-j", "ACCEPT"],
                     ["filter", "FORWARD", "-o", self.name, "-j", "ACCEPT"]):
            run("iptables", "--wait", "-t", rule[0], "-I", *rule[1:])
            self.rules.append(rule)

    def _serves(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if run("docker", "version", check=False, env=self.environment).returncode == 0:
                return True
            time.sleep(0.2)
        return False

    def log(self):
        with contextlib.suppress(OSError):
            return (self.folder / "dockerd.log").read_text(errors="replace")
        return ""

    def close(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.first or self.process.pid, signal.SIGKILL)
            self.process.stdin.close()
            self.process.wait()  # for the first process in there, which ends after all others
            self.process = self.first = None
        for rule in self.rules:
            run("iptables", "--wait", "-t", rule[0], "-D", *rule[1:], check=False)
        self.rules = []
        if self.forwarding:
            pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text(self.forwarding)
            self.forwarding = None
        run("ip", "link", "delete", self.name, check=False)  # goes by itself, a moment later
        for top in pathlib.Path("/sys/fs/cgroup").glob(f"**/{self.name}"):
            for group, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(group)
        shutil.rmtree(self.folder, ignore_errors=True)


def free_subnet():
    """The first two numbers of a /16 that no route of this machine touches."""
    taken = run("ip", "-4", "route", "show", "table", "all").stdout
    for second in range(201, 255):
        if f"10.{second}." not in taken:
            return f"10.{second}"
    raise CannotRun("no free network: all of 10.201.0.0 to 10.254.0.0 is routed already")


def name_servers():
    """Those that another network namespace reaches as well."""
    for file in ("/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"):
        with contextlib.suppress(OSError):
            lines = [line.split() for line in pathlib.Path(file).read_text().splitlines()]
            found = [line[1] for line in lines if len(line) > 1 and line[0] == "nameserver"]
            return [server for server in found if not server.startswith(("127.", "::1"))]
    return []


def default_mtu():
    routes = json.loads(run("ip", "-json", "-4", "route", "show", "default").stdout or "[]")
    for route in routes:
        with contextlib.suppress(OSError, ValueError):
            return int(pathlib.Path(f"/sys/class/net/{route['dev']}/mtu").read_text())
    return 1500


def start(folder, setup):
    """The engine that runs, else one of our own after `setup` has installed what that needs."""
    if RunningEngine.answers():
        return RunningEngine()
    if os.geteuid() != 0:
        raise CannotRun("no Docker engine answers, and only root can start one: start Docker, or run this as root")
    if not shutil.which("apt-get"):
        raise CannotRun("no Docker engine answers, and this is no Debian that could install one: start Docker")
    installed = subprocess.run([str(setup), "--cluster"], stdin=subprocess.DEVNULL)
    if installed.returncode != 0:
        raise CannotRun("no Docker engine answers, and docker.io could not be installed")
    engine = OwnEngine(folder)
    try:
        engine.start()
    except BaseException:
        engine.close()
        raise
    return engine
