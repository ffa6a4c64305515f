"""A broker that a test plays: it answers a watcher over the real protocol and remembers what it was told."""

import struct
import threading
import time

import msgpack
import zmq

HEADER = struct.Struct(">4sBBHIQ")
SUBMIT, SUBMIT_OK, ADVANCE_HEAD, AWAIT_NOTICE, NOTICE, OK, LIST_HEADS, HEAD_LIST, ERROR = (
    32, 33, 34, 39, 40, 41, 66, 67, 127)


class FakeBroker:
    """Its memory (heads, builds) outlives stop() and start(), as a store does."""

    def __init__(self):
        self.heads = {}  # (repository, ref): revision
        self.builds = {}  # (repository, ref, revision): build
        self.submits = []  # bodies, each once
        self.repeated = []  # those that came again: the answer was lost, or late
        self.holds_notices = False  # nobody is told anything meanwhile
        self.advances = []  # (repository, ref, revision)
        self.listed = []  # repositories that heads were asked of
        self.refuse_submits = False
        self.ignored_submits = 0  # so many are recorded and not answered
        self.heads_per_answer = 1000
        self.port = None
        self.changed = threading.Condition()
        self._notices, self._serial, self._waiting = [], 1, []
        self._thread = None

    def start(self):
        context = zmq.Context.instance()
        self._socket = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        if self.port is None:
            self.port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        else:
            self._bind_again()
        self._stopping = False
        self._waiting = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def stop(self):
        if self._thread:
            self._stopping = True
            self._thread.join()
            self._socket.close()
            self._thread = None

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.port}"

    def notify(self, repository):
        with self.changed:
            self._serial += 1
            self._notices.append((self._serial, repository))

    def wait_for(self, condition, what, seconds=180):
        with self.changed:
            if not self.changed.wait_for(condition, seconds):
                raise AssertionError(f"not within {seconds} s: {what}; submits: {self.submitted()}, "
                                     f"advances: {self.advances}")

    def submitted(self, ref=None):
        """Revisions in the order they came, each as often as somebody asked for it."""
        return [candidate["revision"] for submit in self.submits if ref in (None, submit["ref"])
                for candidate in submit["revisions"]]

    # --- the serving thread

    def _bind_again(self):
        deadline = time.monotonic() + 180
        while True:
            try:
                return self._socket.bind(f"tcp://127.0.0.1:{self.port}")
            except zmq.ZMQError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _serve(self):
        while not self._stopping:
            if self._socket.poll(20):
                peer, header, body = self._socket.recv_multipart()[:3]
                _, _, _, kind, _, tag = HEADER.unpack(header)
                with self.changed:
                    self._answer(peer, tag, kind, msgpack.unpackb(body))
                    self.changed.notify_all()
            with self.changed:
                self._tell_waiting()

    def _send(self, peer, tag, kind, body):
        packed = msgpack.packb(body)
        self._socket.send_multipart([peer, HEADER.pack(b"SWTY", 1, 0, kind, len(packed), tag), packed])

    def _answer(self, peer, tag, kind, body):
        if kind == SUBMIT:
            self._submit(peer, tag, body)
        elif kind == ADVANCE_HEAD:
            self.advances.append((body["repository"], body["ref"], body["revision"]))
            self.heads[body["repository"], body["ref"]] = body["revision"]
            self._send(peer, tag, OK, {})
        elif kind == LIST_HEADS:
            self.listed.append(body["repository"])
            heads = [{"repository": repository, "ref": ref, "revision": revision}
                     for (repository, ref), revision in sorted(self.heads.items())
                     if repository == body["repository"] and revision and ref > body.get("after", "")]
            self._send(peer, tag, HEAD_LIST, {"heads": heads[:self.heads_per_answer],
                                              "more": len(heads) > self.heads_per_answer})
        elif kind == AWAIT_NOTICE:
            self._waiting.append((peer, tag, body["after"]))

    def _submit(self, peer, tag, body):
        is_repeated = any(one["request"] == body["request"] for one in self.submits)
        (self.repeated if is_repeated else self.submits).append(body)
        if self.ignored_submits > 0:
            self.ignored_submits -= 1
            return
        if self.refuse_submits:
            self._send(peer, tag, ERROR, {"code": "refused", "message": "not today", "retryable": False})
            return
        answers = []
        for candidate in body["revisions"]:
            key = (body["repository"], body["ref"], candidate["revision"])
            duplicate = key in self.builds
            build = self.builds.setdefault(key, len(self.builds) + 1)
            answers.append({"revision": candidate["revision"], "build": build, "duplicate": duplicate})
        self._send(peer, tag, SUBMIT_OK, {"builds": answers})

    def _tell_waiting(self):
        if self.holds_notices:
            return
        still = []
        for peer, tag, after in self._waiting:
            if after == self._serial:
                still.append((peer, tag, after))
                continue
            news = [repository for serial, repository in self._notices if after and serial > after]
            self._send(peer, tag, NOTICE, {"serial": self._serial, "all": False, "repositories": news})
        self._waiting = still
