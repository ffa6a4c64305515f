#!/usr/bin/python3
"""Who is let in, and what each may do there: the table of docs/security.md, each line a test. A real broker with keys,
real programs, and peers that are none of ours. During each attempt and after it honest work goes on.
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import threading
import time
import unittest

import zmq

import protocol
from programs import BIN, DEADLINE, ENVIRONMENT, SHORT_LEASES, Case, Repository, until
from protocol import Connection, Key, Worker, submit
from zmtp import GREETING, Peer, address, ready

QUIET = 1.5  # seconds without an answer that count as none


class WithKeys(Case):
    def setUp(self):
        super().setUp()
        self.keys = self.folder / "keys"
        self.run_cli("keygen", "--dir", self.keys)
        self.broker = self.start_broker("--keys", self.keys)
        self.repository = Repository(self.folder / "project")
        self.revision = self.repository.commit()

    def key(self, name):
        return Key((self.keys / f"{name}.key").read_text())

    def invite(self, role, name):
        line = self.run_cli("invite", role, name, "--dir", self.keys, "--broker", self.broker_address).stdout.decode()
        return line.strip()

    def client(self, *arguments, **more):
        return super().client(*arguments, "--key", self.keys / "admin.key", **more)

    def connection(self, key=None):
        connection = Connection(self.broker_address, key=key)
        self.addCleanup(connection.close)
        return connection

    def start_worker(self, name, *arguments):
        return self.start("seaworthy-worker", "--broker", self.broker_address, "--name", name, "--state",
                          self.folder / name, "--mirrors", self.folder / "mirrors", *arguments,
                          log=name.replace("/", "-"))

    def start_honest_worker(self):
        return self.start_worker("worker/honest", "--key", self.keys / "worker.key")

    def served(self):
        """An honest client's job is run by an honest worker."""
        client = self.connection(self.key("client"))
        [build] = submit(client, str(self.repository.path), [self.revision], again=True)
        until(lambda: client.ask("ShowBuild", build=build)[1]["build"]["verdict"] == "passed", "an honest verdict")

    def get_nothing(self, connection, name="ListBuilds", **body):
        with contextlib.suppress(zmq.Again):  # there is no connection any more that it could be sent on
            connection.socket.send_multipart(protocol.encode(name, body, 7), zmq.DONTWAIT)
        self.assertIsNone(connection.receive(QUIET), "an answer came")


class AtTheDoor(WithKeys):
    def setUp(self):
        super().setUp()
        self.start_honest_worker()
        self.addCleanup(self.served)

    def test_without_a_key_nothing_is_answered_and_the_programs_say_what_to_do(self):
        self.get_nothing(self.connection())
        refused = self.run_cli("status", "--broker", self.broker_address, check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"lets in only those with a key", refused.stderr)
        self.start_worker("keyless")
        worker = self.programs[-1]
        until(lambda: "lets in only those with a key" in worker.output(), "the worker says so")

    def test_a_password_in_clear_text_opens_nothing(self):
        connection = self.connection()
        connection.socket.plain_username, connection.socket.plain_password = b"admin", b"admin"
        connection.socket.connect(self.broker_address)
        self.get_nothing(connection)

    def test_a_key_that_nobody_invited_opens_nothing(self):
        stranger = self.key("admin")
        stranger.public, stranger.secret = zmq.curve_keypair()
        self.get_nothing(self.connection(stranger))

    def test_a_key_for_another_broker_opens_nothing_and_the_program_says_so(self):
        other = self.folder / "other"
        self.run_cli("keygen", "--dir", other)
        self.get_nothing(self.connection(Key((other / "admin.key").read_text())))
        refused = self.run_cli("status", "--broker", self.broker_address, "--key", other / "admin.key",
                               "--timeout", "8s", check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"has another key than the one that admin was made for", refused.stderr)

    def test_a_revoked_key_opens_nothing_any_more_and_its_connections_end(self):
        line = self.invite("client", "otto")
        otto = self.connection(Key(line))
        self.assertEqual(otto.ask("Ping")[0], "Pong")
        otto.send("FetchEvents", tag=9, after=1_000_000, wait_ms=30_000)  # a long poll that is under way
        self.run_cli("keys", "revoke", "otto", "--dir", self.keys)
        until(lambda: "key otto (client) is revoked" in self.broker.output(), "the broker follows")
        self.get_nothing(otto, "Ping")
        self.get_nothing(self.connection(Key(line)), "Ping")
        kept = self.folder / "otto.key"
        kept.touch(0o600)
        kept.write_text(line)
        refused = self.run_cli("status", "--key", kept, "--broker", self.broker_address, check=False)
        self.assertIn(b"did not let in the key otto", refused.stderr)

    def test_who_brings_a_routing_id_is_not_let_in_with_the_best_key(self):
        connection = self.connection(self.key("admin"))
        connection.socket.close()
        connection.socket = connection.context.socket(zmq.DEALER)
        connection.socket.linger, connection.socket.routing_id = 0, b"admin"
        key = connection.key
        connection.socket.curve_serverkey, connection.socket.curve_publickey = key.server, key.public
        connection.socket.curve_secretkey = key.secret
        connection.socket.connect(self.broker_address)
        self.get_nothing(connection, "Ping")

    def test_bytes_that_were_listened_to_say_nothing_and_open_nothing_when_they_are_sent_again(self):
        with Tap(self.broker_address) as tap:
            client = Connection(tap.endpoint, key=self.key("client"))
            self.addCleanup(client.close)
            [build] = submit(client, str(self.repository.path), [self.revision], again=True,
                             jobs=[protocol.job("test", run="echo rhododendron")])
            self.assertIn("rhododendron", str(client.ask("ShowBuild", build=build, with_specifications=True)))
        self.assertGreater(len(tap.heard), 500)
        self.assertNotIn(b"rhododendron", tap.heard + tap.answers)
        before = self.connection(self.key("client")).ask("FetchEvents")[1]["last"]
        with contextlib.closing(socket.create_connection(address(self.broker_address))) as again:
            again.settimeout(DEADLINE)
            with contextlib.suppress(OSError):
                again.sendall(tap.heard)
                while again.recv(65536):
                    pass  # until the broker ends it
        events = self.connection(self.key("client")).ask("FetchEvents", after=before, limit=100)[1]["events"]
        self.assertNotIn("build_submitted", [event["kind"] for event in events])

    def test_a_handshake_of_an_older_protocol_or_of_none_opens_nothing(self):
        for words in [b"\1\0", GREETING + ready(), b"GET / HTTP/1.1\r\n\r\n", os.urandom(2000)]:
            with contextlib.closing(Peer(self.broker_address)) as peer:
                peer.socket.sendall(words)
                until(peer.is_ended, f"the broker ends {words[:20]}")


class LostWorker(WithKeys):
    timing = SHORT_LEASES

    def test_a_revoked_worker_is_given_no_more_jobs_and_its_job_is_run_by_another(self):
        line = self.invite("worker", "anna")
        anna = Worker(self.broker_address, "anna", key=Key(line))
        self.addCleanup(anna.close)
        anna.hello()
        client = self.connection(self.key("client"))
        [build] = submit(client, str(self.repository.path), [self.revision], again=True)
        anna.take()
        self.run_cli("keys", "revoke", "anna", "--dir", self.keys)
        until(lambda: "key anna (worker) is revoked" in self.broker.output(), "the broker follows")
        self.get_nothing(anna.connection, "Heartbeat", boot=anna.boot, held=anna.held, load_permille=0,
                         free_disk_bytes=1 << 40)
        self.start_honest_worker()
        until(lambda: client.ask("ShowBuild", build=build)[1]["build"]["verdict"] == "passed", "another runs it")


class Tap:
    """A relay before the broker that keeps what passes, both ways."""

    def __init__(self, endpoint):
        self.target, self.heard, self.answers = address(endpoint), b"", b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets, self.threads = [], []

    def __enter__(self):
        self._run(self._accept)
        return self

    def __exit__(self, *_):
        for one in [self.listener, *self.sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self.threads:
            thread.join(DEADLINE)

    def _run(self, what, *arguments):
        self.threads.append(threading.Thread(target=what, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
                self.sockets += [near, far]
                self._run(self._relay, near, far, "heard")
                self._run(self._relay, far, near, "answers")

    def _relay(self, source, sink, kept):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                setattr(self, kept, getattr(self, kept) + data)
                sink.sendall(data)


# What each role may say; everything else is refused.
LOOKS = {"Ping", "ListHeads", "ListBuilds", "ShowBuild", "ListWorkers", "QueueStatus", "FetchEvents", "FetchOutput",
         "ListTests", "TestHistory", "FetchMetrics"}
MAY = {
    "worker": {"Ping", "Hello", "Ready", "Accept", "Decline", "Heartbeat", "Output", "AttemptFinished", "Goodbye",
               "AwaitDemand"},
    "client": LOOKS | {"Submit", "Cancel", "Notify", "DrainWorker", "PauseRepository"},
    "watcher": {"Ping", "Submit", "AdvanceHead", "ListHeads", "AwaitNotice", "Notify"},
    "reporter": LOOKS | {"SaveCursor", "FetchCursor"},
    "admin": LOOKS | {"Submit", "Cancel", "Notify", "AdvanceHead", "AwaitNotice", "SaveCursor", "FetchCursor",
              "DrainWorker", "PauseRepository"},
}
REQUESTS = set.union(*MAY.values())


class Roles(WithKeys):
    def test_every_message_is_refused_to_every_role_that_may_not_say_it(self):
        refused = 0
        for role, allowed in MAY.items():
            connection = self.connection(self.key(role))
            for name in sorted(REQUESTS - allowed):
                with self.subTest(role=role, says=name):
                    answer, body, _ = connection.ask(name)
                    self.assertEqual((answer, body["code"]), ("Error", "refused"))
                    self.assertIn(f"one of a {role} and may not say {name}", body["message"])
                    refused += 1
        self.assertEqual(refused, sum(len(REQUESTS - allowed) for allowed in MAY.values()))
        self.assertIn("may not say", self.broker.output())

    def test_every_message_is_heard_from_every_role_that_may_say_it(self):
        for role, allowed in MAY.items():
            connection = self.connection(self.key(role))
            for name in sorted(allowed - {"Goodbye", "Decline", "Accept", "Ready"}):  # these have no answer
                with self.subTest(role=role, says=name):
                    answer, body, _ = connection.ask(name, worker="worker", wait_ms=1)
                    self.assertFalse(answer == "Error" and body["code"] == "refused", body)

    def test_no_worker_takes_the_name_or_the_job_of_anothers_key(self):
        anna = Worker(self.broker_address, "anna", key=Key(self.invite("worker", "anna")))
        self.addCleanup(anna.close)
        anna.hello()
        client = self.connection(self.key("client"))
        [build] = submit(client, str(self.repository.path), [self.revision], again=True)
        assign = anna.take()
        ben_key = Key(self.invite("worker", "ben"))
        for name in "anna", "anna/2", "benjamin", "ben/", "":
            with self.subTest(name=name):
                ben = self.connection(ben_key)
                ben.send("Hello", tag=1, worker=name, boot=anna.boot, host="h", pid=1, version="v", labels=[], held=[])
                answer, body, _, _ = ben.receive(DEADLINE)
                self.assertEqual((answer, body["code"]), ("Error", "refused"))
                self.assertIn("the key ben is for workers called ben or ben/ANYTHING", body["message"])
        ben = self.connection(ben_key)
        ben.send("Hello", worker="ben/1", boot=os.urandom(16), host="h", pid=1, version="v", labels=[], held=[])
        self.assertEqual(ben.receive(DEADLINE)[0], "Welcome")
        ben.send("AttemptFinished", boot=anna.boot, job=assign["job"], attempt=assign["attempt"], outcome="failed")
        self.assertEqual(ben.receive(DEADLINE)[0], "Error")
        anna.finish(assign)
        until(lambda: client.ask("ShowBuild", build=build)[1]["build"]["verdict"] == "passed", "what anna said counts")

    def test_a_flood_keeps_its_key_out_for_a_while_and_nobody_else(self):
        self.start_honest_worker()
        key = Key(self.invite("reporter", "mallory"))
        other = self.connection(key)
        self.assertEqual(other.ask("Ping")[0], "Pong")
        flooder = self.connection(key)
        frames = protocol.encode("Ping", {}, 1)

        def flood():
            deadline = time.monotonic() + DEADLINE
            while "key mallory (reporter) is kept out" not in self.broker.output():
                self.assertLess(time.monotonic(), deadline, "nobody is kept out")
                for _ in range(20_000):
                    with contextlib.suppress(zmq.Again):
                        flooder.socket.send_multipart(frames, zmq.DONTWAIT)
        flood()
        self.assertIn("messages a second", self.broker.output())
        self.get_nothing(self.connection(key), "Ping")
        self.get_nothing(other, "Ping")
        self.served()


class Files(WithKeys):
    def refused(self, program, *arguments):
        started = self.start(program, *arguments, log=f"{program}-{len(self.programs)}")
        self.assertEqual(started.process.wait(DEADLINE), 2, started.output())
        return started.output()

    def test_keys_that_others_may_read_are_refused(self):
        for name, program, arguments in [
                ("broker", "seaworthy-broker", ["--listen", "tcp://127.0.0.1:0", "--state", self.folder / "b2",
                                                "--keys", self.keys]),
                ("worker", "seaworthy-worker", ["--state", self.folder / "w", "--key", self.keys / "worker.key"]),
                ("watcher", "seaworthy-watcher", ["--key", self.keys / "watcher.key", str(self.repository.path)])]:
            with self.subTest(key=name):
                (self.keys / f"{name}.key").chmod(0o640)
                self.assertIn("others than its owner may read", self.refused(program, *arguments))
                (self.keys / f"{name}.key").chmod(0o600)

    def test_a_list_that_others_may_write_lets_nobody_new_in(self):
        (self.keys / "authorized").chmod(0o666)
        until(lambda: "let themselves in" in self.broker.output(), "the broker says so")
        self.assertEqual(self.connection(self.key("client")).ask("Ping")[0], "Pong", "the last good list holds")
        self.assertIn("let themselves in", self.refused(
            "seaworthy-broker", "--listen", "tcp://127.0.0.1:0", "--state", self.folder / "b2", "--keys", self.keys))

    def test_a_list_with_a_wrong_line_is_named_with_the_line_and_the_last_good_one_holds(self):
        with open(self.keys / "authorized", "a") as authorized:
            authorized.write("admin everybody\n")
        until(lambda: "line 8: it is not ROLE NAME PUBLIC-KEY" in self.broker.output(), "the broker says so")
        self.assertEqual(self.connection(self.key("client")).ask("Ping")[0], "Pong")

    def test_beyond_this_machine_nobody_listens_or_connects_without_keys(self):
        for listen in "tcp://0.0.0.0:0", "tcp://*:0", "tcp://[::]:0":
            with self.subTest(listen=listen):
                said = self.refused("seaworthy-broker", "--listen", listen, "--state", self.folder / "b2")
                self.assertIn("seaworthy keygen", said)
        for program in ["seaworthy-worker", "--state", self.folder / "w2"], ["seaworthy-watcher", self.repository.path]:
            said = self.refused(program[0], "--broker", "tcp://192.0.2.1:8888", *program[1:])
            self.assertIn("without a key", said)
        said = self.run_cli("status", "--broker", "tcp://192.0.2.1:8888", check=False)
        self.assertEqual((said.returncode, b"without a key" in said.stderr), (2, True))

    def test_who_insists_is_warned_in_each_log(self):
        broker = self.start("seaworthy-broker", "--insecure", "--listen", "tcp://0.0.0.0:0", "--state",
                            self.folder / "b2", log="insecure")
        worker = self.start("seaworthy-worker", "--insecure", "--broker", "tcp://192.0.2.1:8888", "--state",
                            self.folder / "w2", log="insecure-worker")
        watcher = self.start("seaworthy-watcher", "--insecure", "--broker", "tcp://192.0.2.1:8888",
                             self.repository.path, log="insecure-watcher")
        for program in broker, worker, watcher:
            until(lambda program=program: "INSECURE" in program.output(), "a warning")

    def test_keys_are_made_once_and_a_removed_one_is_made_anew(self):
        before = {path.name: path.read_text() for path in self.keys.glob("*.key")}
        for path in self.keys.glob("*.key"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
        self.run_cli("keygen", "--dir", self.keys)
        self.assertEqual(before, {path.name: path.read_text() for path in self.keys.glob("*.key")})
        (self.keys / "client.key").unlink()
        self.run_cli("keygen", "--dir", self.keys)
        self.assertNotEqual(before["client.key"], (self.keys / "client.key").read_text())
        self.get_nothing(self.connection(Key(before["client.key"])), "Ping")
        self.assertEqual(self.connection(self.key("client")).ask("Ping")[0], "Pong")

    def test_what_cannot_be_invited_or_revoked_is_said(self):
        for words, said in [(["invite", "pirate", "x", "--broker", "tcp://h:1"], b"the roles are worker, client"),
                            (["invite", "worker", "a/b", "--broker", "tcp://h:1"], b"letters, digits"),
                            (["invite", "worker", "worker", "--broker", "tcp://h:1"], b"already"),
                            (["invite", "worker", "x", "--broker", "h:1"], b"an address looks like"),
                            (["keys", "revoke", "nobody"], b"there is no key called nobody")]:
            with self.subTest(words=words):
                result = self.run_cli(*words, "--dir", self.keys, check=False)
                self.assertEqual((result.returncode, said in result.stderr), (2, True), result.stderr)
        nowhere = self.run_cli("keys", "list", "--dir", self.folder / "nowhere", check=False)
        self.assertIn(b"seaworthy keygen --dir", nowhere.stderr)

    def test_who_joins_with_a_key_that_is_no_workers_keeps_the_one_it_has(self):
        state = self.folder / "anna"
        state.mkdir()
        kept = state / "worker.key"
        kept.write_text("as it was")
        kept.chmod(0o600)
        for role in ("admin", "client", "watcher", "reporter"):
            with self.subTest(role=role):
                line = (self.keys / f"{role}.key").read_text().strip()
                refused = subprocess.run([BIN / "seaworthy-worker", "--join", f"{line}@{self.broker_address}", "--state",
                                          state], capture_output=True, env=ENVIRONMENT, timeout=DEADLINE)
                self.assertEqual(refused.returncode, 2, refused.stderr)
                self.assertIn(b"a worker needs one of its own", refused.stderr)
                self.assertEqual(kept.read_text(), "as it was")

    def test_joining_once_is_enough_and_the_line_may_come_from_stdin(self):
        line = self.invite("worker", "anna")
        state = self.folder / "anna"
        first = subprocess.Popen([BIN / "seaworthy-worker", "--join", "-", "--state", state], stdin=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        self.addCleanup(first.wait)
        self.addCleanup(first.kill)
        first.stdin.write(f"{line}\n".encode())
        first.stdin.close()
        names = lambda: [worker["worker"] for worker in self.client_json("workers")]
        until(lambda: any(name.startswith("anna/") for name in names()), "it is connected")
        first.terminate()
        self.assertEqual(first.wait(DEADLINE), 0)
        self.assertEqual((state / "worker.key").stat().st_mode & 0o777, 0o600)
        until(lambda: not names(), "it is gone")
        self.start("seaworthy-worker", "--state", state, log="again")
        until(lambda: any(name.startswith("anna/") for name in names()), "it is connected again")


if __name__ == "__main__":
    unittest.main()
