"""What benches share: a broker, a fleet of light workers, real workers, a repository, and what they say of the machine."""

import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("SEAWORTHY_", "GIT_"))} | {
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A program that says where it listens."""

    def __init__(self, binaries, folder, name, *words):
        read_end, write_end = os.pipe()
        with open(folder / f"{name}.log", "ab") as log:
            self.process = subprocess.Popen(
                [binaries / f"seaworthy-{name}", "--ready-fd", str(write_end), "--log-level", "warn", *map(str, words)],
                pass_fds=[write_end], stdin=subprocess.DEVNULL, stderr=log)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            line = ready.readline()
        if not line:
            raise SystemExit(f"the {name} did not start: " + (folder / f"{name}.log").read_text())
        self.address = json.loads(line)["listen"]

    def rss_kib(self, kind="VmRSS"):
        """kind VmHWM: at its peak."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1])
        return 0

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Broker(Server):
    def __init__(self, binaries, folder, keys, listen="tcp://127.0.0.1:0"):
        super().__init__(binaries, folder, "broker", "--listen", listen, "--state", folder / "broker",
                         *(["--keys", keys] if keys else []))


class Commanded:
    """A program that takes a command a line, and answers with JSON."""

    def __init__(self, *words):
        self.name = pathlib.Path(words[0]).name
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended: see what it says above")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Fleet(Commanded):
    def __init__(self, binaries, address, keys):
        super().__init__(binaries / "fleet_workers", address, *([keys] if keys else []))


class Workers:
    """Real ones, of this machine, with one place for all their checkouts."""

    def __init__(self, binaries, folder, address, count, *words):
        self.processes = []
        for number in range(count):
            with open(folder / f"worker{number}.log", "wb") as log:
                self.processes.append(subprocess.Popen(
                    [binaries / "seaworthy-worker", "--broker", address, "--state", folder / f"worker{number}", "--mirrors",
                     folder / "mirrors", "--name", f"worker{number}", *words], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                    stderr=log))
        while len(ask(binaries, address, "workers")) < count:
            time.sleep(0.05)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def ask(binaries, address, *words):
    """What the command line says, as JSON."""
    done = subprocess.run([binaries / "seaworthy", words[0], "--broker", address, "--json", *words[1:]], env=ENVIRONMENT,
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def verdict(binaries, address, build):
    return subprocess.run([binaries / "seaworthy", "wait", "--broker", address, str(build)], env=ENVIRONMENT,
                          capture_output=True).returncode


def git(*words, at):
    return subprocess.run(["git", *words], cwd=at, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder, pipeline, files=0):
    """One commit with this pipeline."""
    work = folder / "project"
    git("init", "--quiet", "--initial-branch=main", str(work), at=folder)
    for number in range(files):
        (work / f"file{number}.txt").write_text(f"{number}\n" * 200)
    (work / ".seaworthy.yml").write_text(json.dumps(pipeline))
    git("add", "--all", at=work)
    git("commit", "--quiet", "--message", "first", at=work)
    return work


class Figures:
    """A table of medians: add() as often as something was measured, tell() at the end."""

    def __init__(self):
        self.cells = {}
        self.load = os.getloadavg()[0]

    def add(self, row, column, value):
        self.cells.setdefault(row, {}).setdefault(column, []).append(value)

    def tell(self, as_json):
        table = {row: {column: (statistics.median(values), min(values), max(values)) for column, values in cells.items()}
                 for row, cells in self.cells.items()}
        if as_json:
            return print(json.dumps({"machine": machine(), "commit": commit(), "load": self.load, "table": table}))
        columns = list(dict.fromkeys(column for cells in table.values() for column in cells))
        words = {row: [cell(cells[column]) if column in cells else "" for column in columns] for row, cells in table.items()}
        widths = [max(map(len, texts)) + 2 for texts in zip(columns, *words.values())]
        first = max(map(len, words))
        print(f"{machine()}; commit {commit()}; load before {self.load:.1f}; median (least–most)")
        for row, texts in [("", columns), *words.items()]:
            print(row.ljust(first) + "".join(text.rjust(width) for text, width in zip(texts, widths)))


def cell(figures):
    def number(value):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    median, least, most = map(number, figures)
    return median if least == most else f"{median} ({least}–{most})"


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {os.uname().release}"


def commit():
    return subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True,
                          text=True).stdout.strip()


def build(folder, *targets):
    subprocess.run(["cmake", "--build", folder, "--target", *targets], check=True, stdout=subprocess.DEVNULL)
