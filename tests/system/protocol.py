"""Seaworthy's protocol for Python, written from docs/protocol.md alone: frames, requests, and a worker.

Needs Debian's python3-zmq and python3-msgpack.
"""

import hashlib
import os
import struct
import time

import msgpack
import zmq
from zmq.utils import z85

TYPES = {
    1: "Hello", 2: "Welcome", 3: "Ready", 4: "Assign", 5: "Accept", 6: "Decline", 7: "Heartbeat", 8: "HeartbeatOk",
    9: "CancelAttempt", 10: "Output", 11: "OutputOk", 12: "AttemptFinished", 13: "Recorded", 14: "Goodbye",
    32: "Submit", 33: "SubmitOk", 34: "AdvanceHead", 35: "Cancel", 36: "CancelOk", 37: "Notify", 38: "NotifyOk",
    39: "AwaitNotice", 40: "Notice", 41: "Ok", 42: "AwaitDemand", 43: "Demand",
    44: "DrainWorker", 45: "PauseRepository", 50: "SaveCursor", 90: "FetchCursor", 91: "Cursor",
    64: "Ping", 65: "Pong", 66: "ListHeads", 67: "HeadList", 68: "ListBuilds",
    69: "BuildList", 70: "ShowBuild", 71: "BuildDetail", 72: "ListWorkers", 73: "WorkerList", 74: "QueueStatus", 75: "QueueStatusOk", 76: "FetchEvents", 77: "Events", 78: "FetchOutput",
    79: "OutputData", 80: "Event", 82: "FetchMetrics", 83: "Metrics", 96: "ListTests", 97: "TestList", 98: "TestHistory", 99: "TestRuns", 127: "Error",
}
NUMBERS = {name: number for number, name in TYPES.items()}
HEADER = struct.Struct(">4sBBHIQ")


def encode(name, body, tag=0, blob=b""):
    packed = msgpack.packb(body, use_bin_type=True)
    frames = [HEADER.pack(b"SWTY", 1, 0, NUMBERS[name], len(packed), tag), packed]
    return frames + [blob] if blob else frames


def decode(frames):
    """name, body, tag, blob"""
    magic, major, _minor, number, length, tag = HEADER.unpack(frames[0])
    assert magic == b"SWTY" and major == 1 and length == len(frames[1])
    return TYPES[number], msgpack.unpackb(frames[1], raw=False), tag, b"".join(frames[2:])


class Key:
    """A key as `seaworthy invite` prints it; z85 is how libzmq wants it."""

    def __init__(self, line):
        words, _, _endpoints = line.strip().partition("@")
        _format, self.role, self.name, server, secret = words.split(":")
        self.server, self.secret = z85.encode(bytes.fromhex(server)), z85.encode(bytes.fromhex(secret))
        self.public = zmq.curve_public(self.secret)


class Connection:
    def __init__(self, endpoint, context=None, key=None):
        self.endpoint, self.context, self.socket, self.key = endpoint, context or zmq.Context.instance(), None, key
        self.connect()
        self.next_tag = 1

    def connect(self):
        if self.socket:
            self.socket.close()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger, self.socket.sndtimeo = 0, 60_000  # who was refused has nobody to send to
        if self.key:
            self.socket.curve_serverkey, self.socket.curve_publickey = self.key.server, self.key.public
            self.socket.curve_secretkey = self.key.secret
        self.socket.connect(self.endpoint)

    def send(self, name, /, tag=0, blob=b"", **body):
        self.socket.send_multipart(encode(name, body, tag, blob))

    def receive(self, timeout=60.0):
        """The next message, or None when none came in time."""
        if not self.socket.poll(int(timeout * 1000)):
            return None
        return decode(self.socket.recv_multipart())

    def ask(self, name, /, timeout=60.0, **body):
        """Sends, and waits for the answer with the same tag: (name, body, blob). A Lazy Pirate: what is not answered in
        time is asked again, on a new socket."""
        tag, self.next_tag = self.next_tag, self.next_tag + 1
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.send(name, tag, **body)
            again = min(deadline, time.monotonic() + 15)
            while (left := again - time.monotonic()) > 0:
                answer = self.receive(left)
                if answer and answer[2] == tag:
                    return answer[0], answer[1], answer[3]
            self.connect()
        raise TimeoutError(f"no answer to {name}")

    def close(self):
        self.socket.close()


def submit(connection, repository, revisions, ref="refs/heads/main", jobs=None, again=False, request=None,
           decided=None, tip=None):
    """revisions: newest first. Returns the build numbers in the same order."""
    pipeline = {"jobs": [] if decided else jobs or [job("test")], "decided": decided}
    candidates = [{"revision": revision, "depth": depth, "pipeline": 0, "subject": f"commit {depth}", "author": "A"}
                  for depth, revision in enumerate(revisions)]
    name, body, _ = connection.ask("Submit", request=request or os.urandom(16), repository=repository, ref=ref,
                                   tip=tip or revisions[0], pipelines=[pipeline], revisions=candidates, again=again)
    assert name == "SubmitOk", (name, body)
    return [build["build"] for build in body["builds"]]


def job(name, run="true", needs=(), timeout_ms=60_000):
    return {"name": name, "steps": [{"name": run, "run": run, "env": {}}], "env": {}, "needs": list(needs),
            "timeout_ms": timeout_ms, "origin": ""}


class Worker:
    """A worker that decides for itself how an attempt ends; its steps are Python functions of the Assign."""

    def __init__(self, endpoint, name, key=None):
        self.endpoint, self.name, self.boot = endpoint, name, os.urandom(16)
        self.connection = Connection(endpoint, key=key)
        self.held = []
        self.welcome = None

    def hello(self):
        self.connection.send("Hello", worker=self.name, boot=self.boot, host="python", pid=os.getpid(),
                             version="python", labels=[], held=self.held)
        self.welcome = self.expect("Welcome")
        return self.welcome

    def expect(self, *names, timeout=60.0):
        """The body of the next message of one of these types; others are passed over."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            message = self.connection.receive(left)
            if message and message[0] in names:
                return message[1]
        raise TimeoutError(f"{self.name}: none of {names} came")

    def take(self, timeout=60.0):
        self.connection.send("Ready", boot=self.boot, slots=1)
        assign = self.expect("Assign", timeout=timeout)
        assert assign["boot"] == self.boot
        self.connection.send("Accept", boot=self.boot, job=assign["job"], attempt=assign["attempt"])
        self.held.append({"job": assign["job"], "attempt": assign["attempt"], "finished": False})
        return assign

    def heartbeat(self):
        self.connection.send("Heartbeat", boot=self.boot, held=self.held, load_permille=0, free_disk_bytes=1 << 40)
        return self.expect("HeartbeatOk")

    def output(self, assign, offset, data, **more):
        self.connection.send("Output", blob=data, boot=self.boot, job=assign["job"], attempt=assign["attempt"],
                             offset=offset, **more)
        return self.expect("OutputOk")

    def finish(self, assign, outcome="passed", output=b"", **more):
        report = {"detail": "", "steps": [{"name": "step", "exit_code": 0, "duration_ms": 1}],
                  "output_bytes": len(output), "output_sha256": hashlib.sha256(output).hexdigest(),
                  "output_truncated": False, "first_output_ms": 0} | more
        self.connection.send("AttemptFinished", boot=self.boot, job=assign["job"], attempt=assign["attempt"],
                             outcome=outcome, **report)
        recorded = self.expect("Recorded", "OutputOk")
        if "superseded" in recorded:
            self.held = [held for held in self.held if held["job"] != assign["job"]]
        return recorded

    def close(self):
        self.connection.close()
