"""A broker and a fleet of light workers for benches, and what they are told of the machine."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


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

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
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
