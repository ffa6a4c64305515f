#!/usr/bin/python3
"""Peers that mean harm, or are broken, against the real broker. During each attack and after it an honest client's job
is run by an honest worker; the broker's memory and log stay bounded, and its descriptors come back.
"""

import contextlib
import os
import pathlib
import resource
import struct
import threading
import time
import unittest

import msgpack

import protocol
from programs import DEADLINE, MEMORY_FACTOR, SHORT_LEASES, Case, Repository, until
from protocol import Connection, Worker, encode, job, submit
from zmtp import GREETING, Peer, closing, cpu_seconds, descriptors, frame, memory_mib, raise_descriptor_limit, ready

HEADER = struct.Struct(">4sBBHIQ")


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.descriptor_limit = raise_descriptor_limit()
        self.repository = Repository(self.folder / "project")
        self.revision = self.repository.commit()
        self.broker = self.start_broker()

    def honest_worker(self):
        self.start_worker("honest")
        self.client = Connection(self.broker_address)
        self.served()

    def served(self):
        [build] = submit(self.client, str(self.repository.path), [self.revision], again=True)
        until(lambda: self.build(build)["verdict"], "the verdict of an honest job")
        self.assertEqual(self.build(build)["verdict"], "passed")

    def build(self, build):
        return self.client.ask("ShowBuild", build=build)[1]["build"]

    def peers(self, count):
        """That many connections, each shaken hands with."""
        return [Peer(self.broker_address).shake_hands() for _ in range(count)]

    @contextlib.contextmanager
    def attack(self, mib=100, lines=60):
        """What happens inside costs the broker at most that much memory, at its peak, and that many lines."""
        pid = self.broker.pid
        used, lines_before = descriptors(pid), self.broker.output().count("\n")
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is from now on
        before, cpu, start = memory_mib(pid), cpu_seconds(pid), time.monotonic()
        with closing([]) as peers:
            yield peers
            self.served()
        self.served()
        self.assertIsNone(self.broker.process.poll(), "the broker has ended")
        peak = memory_mib(pid, "VmHWM") - before
        written = self.broker.output().count("\n") - lines_before
        print(f"  {self.id().rsplit('.', 1)[-1]}: {before:.0f} MiB + {peak:.0f} MiB at the peak, {written} lines, "
              f"{cpu_seconds(pid) - cpu:.1f} of {time.monotonic() - start:.0f} s the broker's CPU", flush=True)
        self.assertLess(peak, mib * MEMORY_FACTOR)
        self.assertLess(written, lines, self.broker.output()[-2000:])
        until(lambda: descriptors(pid) <= used + 10, "the descriptors are given back")


class Connections(Hostile):
    def setUp(self):
        super().setUp()
        self.honest_worker()

    def test_random_bytes_are_counted_and_cost_nobody_anything(self):
        with self.attack() as peers:
            for size in [1, 9, 10, 11, 12, 64, 65, 100, 4096, 300_000] * 10:
                peer = Peer(self.broker_address)
                peers.append(peer)
                with contextlib.suppress(OSError):  # it may be ended while more is written
                    peer.socket.sendall(os.urandom(size))
            for start in GREETING, GREETING + ready():
                peer = Peer(self.broker_address)
                peers.append(peer)
                with contextlib.suppress(OSError):
                    peer.socket.sendall(start + os.urandom(300_000))
            peers.append(Peer(self.broker_address))
            peers[-1].socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: "ended before a word was said" in self.broker.output() or
                  "do not speak the protocol" in self.broker.output(), "a warning")

    def test_handshakes_that_are_never_finished_are_ended(self):
        with self.attack() as peers:
            starts = [b"", GREETING[:1], GREETING[:10], GREETING[:11], GREETING, GREETING + ready()[:5]]
            for start in starts * 20:
                peers.append(Peer(self.broker_address))
                peers[-1].socket.sendall(start)
            until(lambda: all(peer.is_ended() for peer in peers), "the broker ends them")

    def test_a_greeting_that_comes_byte_by_byte_is_ended_or_becomes_a_peer_like_any_other(self):
        with self.attack() as peers:
            peers.extend(Peer(self.broker_address) for _ in range(20))
            for byte in GREETING + ready():
                for peer in peers:
                    with contextlib.suppress(OSError):
                        peer.socket.send(bytes([byte]))
            self.served()

    def test_ten_thousand_silent_connections_are_taken_and_ended(self):
        count = min(10_000, self.descriptor_limit - 4_000)
        with self.attack(mib=600) as peers:
            for _ in range(count):
                peers.append(Peer(self.broker_address))
            self.served()
            until(lambda: all(peer.is_ended() for peer in peers), "the broker ends them")
            self.assertIn("ended before a word was said", self.broker.output())


class TooManyConnections(Hostile):
    def setUp(self):
        super().setUp()
        self.broker.stop()
        self.broker = self.start_broker(descriptors=300)  # of which half are kept back
        self.honest_worker()

    def test_connections_beyond_the_limit_are_refused_and_those_that_are_there_are_served(self):
        begun = time.monotonic()
        with self.attack() as peers:
            for _ in range(400):
                peers.append(Peer(self.broker_address))
                with contextlib.suppress(OSError):
                    peers[-1].shake_hands()
            until(lambda: sum(not peer.is_ended() for peer in peers) < 150, "those that are too many are refused")
            self.assertGreater(sum(not peer.is_ended() for peer in peers), 50)
            self.served()
            until(lambda: "no room for more" in self.broker.output(), "a warning")
            self.assertLess(descriptors(self.broker.pid), 250, "some are kept back for files")
        self.assertLessEqual(self.broker.output().count("no room for more"), 1 + (time.monotonic() - begun) / 10)
        with contextlib.closing(Connection(self.broker_address)) as late:
            self.assertEqual(late.ask("Ping")[0], "Pong", "when there is room again, it is given")

    def test_a_broker_that_finds_no_descriptor_makes_room_and_serves_on(self):
        with self.attack() as peers:
            peers.extend(self.peers(80))
            self.served()
            taken = descriptors(self.broker.pid)
            resource.prlimit(self.broker.pid, resource.RLIMIT_NOFILE, (taken, 300))
            cpu = cpu_seconds(self.broker.pid)
            for _ in range(200):
                peers.append(Peer(self.broker_address))
                with contextlib.suppress(OSError):
                    peers[-1].shake_hands()
            until(lambda: "no room for more" in self.broker.output(), "a warning")
            self.served()
            until(lambda: sum(not peer.is_ended() for peer in peers) < 80, "the others are refused")
            self.served()
            print(f"  without a descriptor: {cpu_seconds(self.broker.pid) - cpu:.2f} s of CPU", flush=True)


class Floods(Hostile):
    def setUp(self):
        super().setUp()
        self.honest_worker()

    @contextlib.contextmanager
    def flood(self, *what):
        """Each of `what` is a function that does one more round of harm; they go on until the end."""
        stop = threading.Event()

        def run(one):
            with contextlib.suppress(OSError):  # being cut off is what may happen
                while not stop.is_set():
                    one()
        threads = [threading.Thread(target=run, args=[one]) for one in what]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(DEADLINE)

    def asks_without_end(self, peers, name, count=20_000, mib=150, **body):
        """A peer that sends `count` requests and reads no answer."""
        peer = Peer(self.broker_address).shake_hands()
        peers.append(peer)
        peer.socket.settimeout(1)  # no longer than this is it waited for that the broker takes more
        message = b"".join(frame(one, more) for one, more in zip(encode(name, body, 1), [True, False]))
        with contextlib.suppress(OSError):
            for _ in range(count // 100):
                peer.socket.sendall(message * 100)

    def test_a_peer_that_never_reads_answers_holds_up_nobody(self):
        submit(self.client, "/srv/other", [f"{n:040x}" for n in range(200, 0, -1)],
               decided={"verdict": "skipped", "explanation": "x" * 1000})
        until(lambda: self.broker.output().count("skipped: xxx") == 200, "the log tells of them")
        with self.attack(mib=200) as peers:
            self.asks_without_end(peers, "Ping")
            self.asks_without_end(peers, "FetchEvents", after=0, limit=500)
            self.asks_without_end(peers, "ListBuilds", limit=500)
            self.asks_without_end(peers, "QueueStatus", limit=500)
            self.asks_without_end(peers, "ListWorkers")
            self.asks_without_end(peers, "FetchOutput", job=1)
            self.served()

    def test_a_message_of_parts_without_an_end_is_cut_off(self):
        for size in 200_000, 1:
            with self.subTest(size=size), self.attack(mib=800) as peers:
                peer = Peer(self.broker_address).shake_hands()
                peers.append(peer)
                part = frame(bytes(size), more=True) if size > 255 else b"\x01\x01x"
                many = part * max(1, 100_000 // len(part))
                with self.flood(lambda: peer.socket.sendall(many)):
                    until(peer.is_cut_off, "it is cut off")
                    self.served()
                until(lambda: "without an end" in self.broker.output(), "a warning")

    def test_messages_of_thousands_of_frames_are_answered_with_an_error(self):
        with self.attack():
            with contextlib.closing(Connection(self.broker_address)) as connection:
                for _ in range(100):
                    connection.socket.send_multipart(encode("Ping", {}) + [b"x"] * 5_000)
                for _ in range(100):
                    self.assertEqual(connection.receive(60)[0], "Error")
                self.assertEqual(connection.ask("Ping")[0], "Pong")

    def test_a_frame_above_the_limit_ends_its_connection_before_memory_is_taken_for_it(self):
        with self.attack() as peers:
            for length in 256 * 1024 + 1, 1 << 31, 1 << 40, (1 << 63) - 1, (1 << 64) - 1:
                peer = Peer(self.broker_address).shake_hands()
                peers.append(peer)
                peer.socket.sendall(frame(b"x" * 1000, length=length))
                until(peer.is_ended, f"a frame of {length} bytes ends the connection")

    def test_twenty_thousand_parked_questions_leave_room_for_everyone_elses(self):
        with self.attack(mib=200):
            connections = []
            last = self.client.ask("FetchEvents")[1]["last"]
            notice = self.client.ask("AwaitNotice", after=0, wait_ms=0)[1]["serial"]
            for n in range(50):
                connections.append(Connection(self.broker_address))
                for tag in range(400):
                    name, body = [("FetchEvents", {"after": last + 1_000_000}), ("AwaitNotice", {"after": notice}),
                                  ("FetchOutput", {"job": 1, "offset": 1 << 40})][n % 3]
                    connections[-1].send(name, tag=tag + 1, wait_ms=30_000, **body)
            follower = Connection(self.broker_address)
            position = follower.ask("FetchEvents")[1]["last"]
            follower.send("FetchEvents", tag=1, after=position, limit=10, wait_ms=30_000)
            self.served()
            while not (told := follower.receive(60)[1])["events"]:  # nothing came in the time that it may wait
                follower.send("FetchEvents", tag=1, after=told["last"], limit=10, wait_ms=30_000)
            answers = [connections[0].receive(60) for _ in range(300)]
            self.assertEqual({answer[0] for answer in answers}, {"Error"}, "who asks too much is told so")
            self.assertEqual({(a[1]["code"], a[1]["retryable"]) for a in answers}, {("overloaded", True)})
            for connection in connections + [follower]:
                connection.close()

    def test_thousands_of_workers_from_one_connection_are_one_worker(self):
        with self.attack(mib=150):
            with contextlib.closing(Connection(self.broker_address)) as connection:
                hello = {"boot": os.urandom(16), "host": "h", "pid": 1, "version": "v", "labels": ["l" * 100] * 60}
                for n in range(5_000):
                    connection.send("Hello", worker=f"{n:0100}", **hello)
                    self.assertEqual(connection.receive(60)[0], "Welcome")
                workers = self.client.ask("ListWorkers")[1]["workers"]
                self.assertEqual(len(workers), 2)
                for wrong in [{"worker": "w" * 129}, {"worker": ""}, {"worker": "w", "boot": b""},
                              {"worker": "w", "host": "h" * 200_000}, {"worker": "w", "version": "v" * 200_000},
                              {"worker": "w", "labels": ["l"] * 65}, {"worker": "w", "labels": ["l" * 4000] * 60}]:
                    connection.send("Hello", **(hello | wrong))
                    name, error = connection.receive(60)[:2]
                    self.assertEqual((name, error["code"]), ("Error", "bad_message"), list(wrong))


class Words(Hostile):
    """Messages that are messages, with wrong words in them."""

    def setUp(self):
        super().setUp()
        self.honest_worker()

    def test_bodies_that_cannot_be_read_are_answered_with_an_error(self):
        bodies = [b"", b"\xc1", b"\x80\x80", b"\x90", b"\xff", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
                  b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * 100_000 + b"\x90",
                  (b"\x81\xa1a") * 60_000 + b"\xc0", os.urandom(1000)]
        # "held" is read, so its depth is met as well.
        nested = b"\x81\xa4held" + b"\x91" * 100_000 + b"\x90"
        with self.attack():
            with contextlib.closing(Connection(self.broker_address)) as connection:
                for number in protocol.TYPES:
                    for body in bodies + [nested]:
                        connection.socket.send_multipart([HEADER.pack(b"SWTY", 1, 0, number, len(body), 7), body])
                        answer = connection.receive(60)
                        self.assertEqual(answer[0], "Error", (number, body[:20]))
                self.assertEqual(connection.ask("Ping")[0], "Pong")

    def test_messages_that_are_none_are_answered_with_an_error(self):
        ping, bomb = encode("Ping", {}, 5), b"\xdd\xff\xff\xff\xff"
        with self.attack():
            with contextlib.closing(Connection(self.broker_address)) as connection:
                for frames in [[b"nonsense", b"x"], [HEADER.pack(b"SWTY", 9, 0, 64, 1, 5), b"\x80"],
                               [HEADER.pack(b"SWTY", 1, 0, 200, 1, 5), b"\x80"],
                               [HEADER.pack(b"SWTY", 1, 0, 64, 5, 5), bomb], [ping[0]], [b""], [b"", b""],
                               [HEADER.pack(b"SWTY", 1, 0, 64, 1 << 31, 5), b"\x80"], [ping[0], ping[1] + b"\0"],
                               [ping[0] + b"\0", ping[1]], ping + [b"a", b"b", b"c", b"d"]]:
                    connection.socket.send_multipart(frames)
                    self.assertEqual(connection.receive(60)[0], "Error", frames)
                self.assertEqual(connection.ask("Ping")[0], "Pong")

    def test_wrong_fields_in_messages_of_every_type_end_nothing(self):
        values = [None, True, -1, 0, 1 << 63, (1 << 64) - 1, 1.5, float("nan"), "", "x" * 1000, "\n\x1b[2J\0",
                  b"\0" * 16, b"x", [], [[]], [None], [{"job": 1, "attempt": 1}], {}, {"a": 1}]
        fields = ["worker", "boot", "held", "labels", "slots", "job", "attempt", "build", "offset", "outcome", "steps",
                  "request", "repository", "ref", "tip", "pipelines", "revisions", "again", "revision", "reason",
                  "after", "wait_ms", "limit", "before", "output_bytes", "output_sha256", "pid", "host", "version"]
        good = {"Hello": {"worker": "w", "boot": os.urandom(16)}, "Submit": {
            "request": os.urandom(16), "repository": "r", "ref": "r", "tip": "0" * 40,
            "pipelines": [{"jobs": [job("j")], "decided": None}],
            "revisions": [{"revision": "0" * 40, "depth": 0, "pipeline": 0, "subject": "s", "author": "a"}]}}
        with self.attack(lines=200):
            with contextlib.closing(Connection(self.broker_address)) as connection:
                for number, name in protocol.TYPES.items():
                    for field in fields:
                        for value in values:
                            if field == "wait_ms" or name == "Goodbye":
                                continue
                            body = msgpack.packb(good.get(name, {}) | {field: value}, use_bin_type=True)
                            connection.socket.send_multipart([HEADER.pack(b"SWTY", 1, 0, number, len(body), 0), body])
                    # whatever came for them, it was not silence for ever
                    self.drain(connection)

    def drain(self, connection):
        """Reads until a Ping is answered. Who does not read loses answers, perhaps those of some Pings too."""
        def answered():
            connection.send("Ping", tag=99)
            while (message := connection.receive(1)) is not None:
                if message[2] == 99:
                    return True
        until(answered, "an answer")

    def test_a_worker_with_four_billion_slots_gets_no_more_jobs_than_a_worker_may_have(self):
        most = 1_000
        with self.attack(lines=20_000):
            path = str(self.repository.path)
            builds = [submit(self.client, path, [self.revision], jobs=[job(f"job {n}") for n in range(200)],
                             again=True)[0] for _ in range(6)]
            with contextlib.closing(Worker(self.broker_address, "greedy")) as greedy:
                greedy.hello()
                for _ in range(3):
                    greedy.connection.send("Ready", boot=greedy.boot, slots=(1 << 32) - 1)
                    while (message := greedy.connection.receive(1)) is not None:
                        if message[0] == "Assign":
                            assign = message[1]
                            greedy.connection.send("Accept", boot=greedy.boot, job=assign["job"],
                                                   attempt=assign["attempt"])
                            greedy.held.append((assign["job"], assign["attempt"]))
                self.assertLessEqual(len(greedy.held), most)
                for build in builds:
                    self.client.ask("Cancel", build=build)
                greedy.connection.send("Goodbye", boot=greedy.boot, reason="")
                self.client.ask("Ping")


class Liars(Hostile):
    """Workers that say what is not so. Names are not proven: a forged name is answered like the true one, see below."""

    def setUp(self):
        super().setUp()
        self.client = Connection(self.broker_address)
        self.number = iter(range(1, 1000))

    def a_job(self):
        [build] = submit(self.client, "/srv/project", [f"{next(self.number):040x}"])
        return build

    def worker(self, name):
        worker = Worker(self.broker_address, name)
        self.addCleanup(worker.close)
        worker.hello()
        return worker

    def served(self):
        build, worker = self.a_job(), Worker(self.broker_address, "honest")
        worker.hello()
        worker.finish(worker.take(), output=b"")
        self.assertEqual(self.build(build)["verdict"], "passed")
        worker.connection.send("Goodbye", boot=worker.boot, reason="")
        worker.close()

    def detail(self, build):
        return self.client.ask("ShowBuild", build=build)[1]

    def output_of(self, assign):
        return self.client.ask("FetchOutput", job=assign["job"], offset=0)[2]

    def events(self):
        return self.client.ask("FetchEvents")[1]["last"]


class Lies(Liars):
    def test_an_outcome_or_output_for_an_attempt_of_another_worker_changes_nothing(self):
        with self.attack():
            build, honest = self.a_job(), self.worker("holder")
            assign = honest.take()
            honest.output(assign, 0, b"honest ")
            liar = self.worker("liar")
            before = self.detail(build)
            events = self.events()
            for attempt in 1, 2, 77, (1 << 32) - 1:
                forged = assign | {"attempt": attempt}
                liar.connection.send("Output", blob=b"forged", boot=liar.boot, job=assign["job"], attempt=attempt,
                                     offset=7)
                self.assertEqual(liar.expect("HeartbeatOk")["gone"], [{"job": assign["job"], "attempt": attempt}])
                for _ in range(100):
                    self.assertTrue(liar.finish(forged, "failed", detail="forged")["superseded"])
                liar.connection.send("Accept", boot=liar.boot, job=assign["job"], attempt=attempt)
                liar.expect("HeartbeatOk")
                liar.connection.send("Decline", boot=liar.boot, job=assign["job"], attempt=attempt, reason="forged")
                liar.held = [{"job": assign["job"], "attempt": attempt, "finished": True}]
                self.assertEqual(liar.heartbeat()["gone"], [{"job": assign["job"], "attempt": attempt}])
                self.assertEqual(liar.hello()["keep"], [])
            self.assertEqual(self.detail(build)["jobs"], before["jobs"])
            self.assertEqual(self.events(), events, "nothing is written down")
            honest.output(assign, 7, b"to the end")
            self.assertFalse(honest.finish(assign, output=b"honest to the end")["superseded"])
            self.assertEqual(self.build(build)["verdict"], "passed")
            self.assertEqual(self.output_of(assign), b"honest to the end")

    def test_with_the_boot_of_another_worker_and_without_a_hello_nothing_is_done(self):
        with self.attack():
            build, honest = self.a_job(), self.worker("holder")
            assign = honest.take()
            liar = Worker(self.broker_address, "liar")
            self.addCleanup(liar.close)
            held = [{"job": assign["job"], "attempt": 1, "finished": True}]
            for hello in False, True:
                if hello:
                    liar.hello()
                key = {"boot": honest.boot, "job": assign["job"], "attempt": 1}
                for name, body in [("AttemptFinished", key | {"outcome": "failed"}), ("Output", key | {"offset": 0}),
                                   ("Accept", key), ("Decline", key), ("Ready", {"boot": honest.boot, "slots": 1}),
                                   ("Heartbeat", {"boot": honest.boot, "held": held})]:
                    liar.connection.send(name, **body)
                    self.assertEqual(liar.expect("Error")["code"], "no_session")
                liar.connection.send("Goodbye", boot=honest.boot, reason="forged")
            self.assertFalse(honest.finish(assign)["superseded"])
            self.assertEqual(self.build(build)["verdict"], "passed")

    def test_a_forged_hello_can_take_a_running_job_but_never_change_a_verdict_nor_double_an_attempt(self):
        """What a name that is not proven allows: whoever says Hello as a worker that is at work is taken for that
        worker, started anew. Its lease ends, and either the job is tried again by whoever is next, under a new number,
        or the forger reports what became of it. The true worker is told that it has no session, and, once it has said
        Hello, that the attempt is settled. Nothing that has a verdict can be touched."""
        with self.attack():
            finished, honest = self.a_job(), self.worker("holder")
            done = honest.take()
            honest.finish(done)
            build = self.a_job()
            assign = honest.take()
            forger = self.worker("holder")
            forger.finish(done, "failed")
            self.assertEqual(self.build(finished)["verdict"], "passed")
            honest.connection.send("Heartbeat", boot=honest.boot, held=honest.held)
            self.assertEqual(honest.expect("Error")["code"], "no_session")
            heir = self.worker("heir")
            again = heir.take(60)
            self.assertEqual((again["job"], again["attempt"]), (assign["job"], 2))
            for liar in forger, honest:
                self.assertEqual(liar.hello()["keep"], [])
                self.assertTrue(liar.finish(assign, "failed")["superseded"])
            self.assertFalse(heir.finish(again)["superseded"])
            self.assertEqual(self.build(build)["verdict"], "passed")

            build = self.a_job()
            assign = honest.take()
            forger.hello()
            self.assertFalse(forger.finish(assign, "failed")["superseded"])
            honest.hello()
            honest.finish(assign, "passed")
            detail = self.detail(build)
            self.assertEqual((detail["build"]["verdict"], len(detail["jobs"][0]["attempts"])), ("failed", 1))

    def test_no_word_of_a_peer_writes_a_line_of_its_own_into_the_log(self):
        forged = "x\n2026-01-01 00:00:00.000 info  broker: build 1 passed \x1b[2Jforged"
        with self.attack():
            with contextlib.closing(Connection(self.broker_address)) as connection:
                submit(connection, forged, [f"{7:040x}"], ref=forged, jobs=[job(forged)])
                connection.send("AttemptFinished", boot=os.urandom(16), job=1, attempt=1, outcome=forged)
                connection.receive(60)
                worker = Worker(self.broker_address, forged)
                worker.hello()
                assign = worker.take()
                connection.ask("Cancel", job=assign["job"], reason=forged)
                worker.finish(assign, "failed", detail=forged)
                worker.connection.send("Goodbye", boot=worker.boot, reason=forged)
                until(lambda: "to be cancelled" in self.broker.output(), "the lines are written")
                worker.close()
        self.assertFalse([line for line in self.broker.output().splitlines() if line.startswith("2026-01-01 00:00:00")])
        self.assertNotIn("\x1b", self.broker.output())

    def test_cancelling_what_is_not_there_is_an_error(self):
        with self.attack():
            for body in {"build": 10**9}, {"job": 10**9}, {"build": (1 << 64) - 1}, {"job": (1 << 64) - 1}:
                self.assertEqual(self.client.ask("Cancel", **body)[1]["code"], "not_found")

    def test_a_peer_that_names_itself_is_not_let_in_not_even_by_the_name_of_the_next_one(self):
        first = 0x6b8b4567  # where libzmq 4.3.4 starts to count
        with self.attack() as peers:
            for identity in [b"mine", b"x" * 255] + [b"\0" + struct.pack(">I", first + n) for n in range(200)]:
                peer = Peer(self.broker_address)
                peers.append(peer)
                with contextlib.suppress(OSError):
                    peer.shake_hands(identity=identity)
                    peer.send(*encode("Ping", {}))
            peers.extend(self.peers(250))
            until(lambda: "set a routing id of its own" in self.broker.output(), "a warning")


class Silence(Liars):
    """What comes after a lease has run out."""

    timing = SHORT_LEASES

    def test_messages_of_an_honest_worker_that_are_replayed_change_nothing(self):
        with self.attack():
            build, lost = self.a_job(), self.worker("lost")
            first = lost.take()
            key = {"boot": lost.boot, "job": first["job"], "attempt": 1}
            recorded = [encode("Accept", key), encode("Output", key | {"offset": 0}, blob=b"old"),
                        encode("AttemptFinished", key | {"outcome": "failed", "detail": "old"})]
            winner = self.worker("winner")
            second = winner.take(60)  # after the silence of the first
            self.assertEqual((second["job"], second["attempt"]), (first["job"], 2))
            lost.hello()
            before = None
            for round in range(50):
                for frames in recorded:
                    lost.connection.socket.send_multipart(frames)
                answers = [lost.connection.receive(60)[0] for _ in recorded]
                self.assertEqual(answers, ["HeartbeatOk", "HeartbeatOk", "Recorded"])
                winner.heartbeat()
                before = before or self.events()
            self.assertEqual(self.events(), before, "the late outcome is kept once")
            self.assertFalse(winner.finish(second, output=b"")["superseded"])
            for replayer in lost, winner, self.worker("third"):
                for frames in recorded:
                    replayer.connection.socket.send_multipart(frames)
            last = self.events()
            winner.connection.socket.send_multipart(encode("AttemptFinished", {
                "boot": winner.boot, "job": second["job"], "attempt": 2, "outcome": "failed"}))
            winner.expect("Recorded")
            detail = self.detail(build)
            self.assertEqual(detail["build"]["verdict"], "passed")
            self.assertEqual([a["outcome"] for a in detail["jobs"][0]["attempts"]], ["failed", "passed"])
            self.assertEqual(self.events(), last)
            self.assertEqual(self.output_of(second), b"")

    def test_a_worker_that_accepts_and_never_speaks_again_loses_the_job(self):
        with self.attack():
            build, mute = self.a_job(), self.worker("mute")
            mute.take()
            heir = self.worker("heir")
            second = heir.take(60)
            self.assertEqual(second["attempt"], 2)
            heir.finish(second)
            self.assertEqual(self.build(build)["verdict"], "passed")


if __name__ == "__main__":
    unittest.main()
