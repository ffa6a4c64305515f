#!/usr/bin/python3
"""seaworthy-reporter with the real programs behind it: pages, live events, output that is followed, a broker that goes
and comes back, and clients that keep no rule."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

from programs import DEADLINE, Case, Repository, until  # noqa: E402
from protocol import Connection, Worker, job, submit  # noqa: E402

BIDI = "\u202e"
HOSTILE = "<script>alert(1)</script>\"'&" + BIDI


class ReporterCase(Case):
    def start_reporter(self, *arguments, listen=None, log="reporter", **more):
        read_end, write_end = os.pipe()
        listen = listen or getattr(self, "address", None) or "127.0.0.1:0"
        program = self.start("seaworthy-reporter", "--broker", self.broker_address, "--listen", listen, "--ready-fd",
                             write_end, *arguments, pass_fds=[write_end], log=log, **more)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            line = ready.readline()
        self.assertTrue(line, f"the reporter did not start: {program.output()}")
        self.address = json.loads(line)["listen"]
        self.host, _, port = self.address.rpartition(":")
        self.port = int(port)
        return program

    def get(self, path, headers=None, method="GET"):
        """status, headers, text"""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def page(self, path):
        """As a person has it who comes back when the broker did not answer in time."""
        status, headers, text = until(lambda: (lambda answer: answer[0] != 503 and answer)(self.get(path)), path)
        self.assertEqual(status, 200, text)
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        return text

    def raw(self, data, end_of_sending=False):
        """What the server says to these bytes until it closes."""
        with socket.create_connection((self.host, self.port), timeout=DEADLINE) as peer:
            with contextlib.suppress(ConnectionError):
                peer.sendall(data)
            if end_of_sending:
                peer.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while piece := peer.recv(65536):
                    answer += piece
            return answer.decode(errors="replace")

    def events(self, path="/events", headers=None):
        return Events(self.host, self.port, path, headers or {})


class Events:
    """A reader of server-sent events."""

    def __init__(self, host, port, path, headers):
        self.connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def next(self, kind):
        """(id, data) of the next event of this kind."""
        event, deadline = {}, time.monotonic() + DEADLINE
        while time.monotonic() < deadline:  # pings keep the connection alive
            line = self.answer.readline().decode().rstrip("\n")
            if not line and event.get("event") == kind:
                return event.get("id"), json.loads(event["data"])
            if not line:
                event = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value
        raise AssertionError(f"no event {kind} came")

    def close(self):
        self.connection.close()


class Pages(ReporterCase):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.start_worker("anna")
        self.repository = Repository(self.folder / "harbour")

    def submit(self, *arguments):
        self.client("submit", self.repository.path, "--mirrors", self.folder / "mirrors", *arguments)

    def test_each_page_says_what_the_command_line_says(self):
        self.repository.pipeline("jobs:\n  lint: {run: echo clean}\n  test: {needs: lint, run: exit 3}\n",
                                 "Count the ships")
        self.submit()
        [build] = self.finished_builds(1)
        self.start_reporter()
        until(lambda: "1 idle" in self.page("/"), "the worker is idle")
        home = self.page("/")
        for words in ("harbour", "Count the ships", "failed", 'href="/builds/1"', "0 running, 0 waiting"):
            self.assertIn(words, home)
        page = self.page("/builds/1")
        for words in (build["revision"], "exit code 3", "job 1 lint passed", "seen and queued", "/jobs/2/log"):
            self.assertIn(words, page)
        log = self.page("/jobs/1/log")
        self.assertIn("<span>clean</span>", log)
        self.assertIn('id="L1"', log)
        self.assertIn('data-state="complete"', log)
        self.assertEqual(self.get("/jobs/1/log.txt")[2], self.log_of(1))
        self.assertIn("anna", self.page("/workers"))
        self.assertIn("Nothing runs and nothing waits", self.page("/queue"))
        self.assertEqual(self.get("/healthz")[::2], (200, "ok\n"))
        self.assertEqual(self.get("/readyz")[::2], (200, "ok\n"))
        for missing in ("/builds/99", "/jobs/99/log", "/jobs/99/log.txt", "/nowhere", "/assets/page-0.js"):
            self.assertEqual(self.get(missing)[0], 404, missing)
        self.assertIn("What is there", self.get("/builds/99")[2])

    def test_a_page_that_did_not_change_is_not_sent_again_and_files_are_kept_for_ever(self):
        self.start_reporter()
        until(lambda: "1 idle" in self.page("/"), "the worker is there")
        status, headers, home = self.get("/")
        self.assertEqual(self.get("/", {"If-None-Match": headers["ETag"]})[::2], (304, ""))
        for header, words in {"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff",
                              "Referrer-Policy": "same-origin"}.items():
            self.assertIn(words, headers[header])
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertNotRegex(home, r"<style|<script>|style=| on[a-z]+=")
        files = set(re.findall(r'/assets/[^"]+', home))
        self.assertEqual({pathlib.Path(name).suffix for name in files}, {".css", ".js", ".svg"})
        for name in files:
            status, headers, _ = self.get(name)
            self.assertEqual(status, 200)
            self.assertIn("immutable", headers["Cache-Control"])
        status, headers, text = self.get("/", method="HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 500)

    def test_events_come_as_they_happen_and_a_page_that_comes_back_misses_none(self):
        self.programs[0].kill()
        self.start_reporter()
        events = self.events()
        self.assertEqual(events.next("broker")[1], {"away": True})
        self.start_broker()
        self.assertEqual(events.next("broker")[1], {"away": False})  # from now on it follows
        self.repository.pipeline("run: true\n")
        self.submit()
        kinds, first = [], None
        while "build_finished" not in kinds:
            sequence, change = events.next("change")
            first = first or int(sequence)
            kinds.append(change["kind"])
            self.assertEqual(change["build"], 1)
        self.assertEqual(kinds[0], "build_submitted")
        events.close()
        again = self.events("/events?after=999", {"Last-Event-ID": str(first)})
        self.assertEqual(again.next("change"), (str(first + 1), {"kind": kinds[1], "build": 1, "job": 1}))
        again.close()
        self.submit("--again")
        self.finished_builds(2)
        old = self.events("/events?after=0")
        self.assertEqual(old.next("change")[0], "1")
        old.close()

    def test_a_page_that_missed_more_than_is_remembered_is_told_to_look_at_everything(self):
        self.repository.pipeline("run: true\n")
        self.submit()
        self.finished_builds(1)
        self.start_reporter()
        until(lambda: 'data-after="0"' not in self.page("/"), "the reporter knows where the events are")
        events = self.events("/events?after=1")
        sequence, _ = events.next("everything")
        self.assertGreater(int(sequence), 1)
        events.close()

    def test_raw_output_is_followed_while_the_job_writes_and_ends_when_it_ends(self):
        go = self.folder / "go"
        self.repository.pipeline(f"run: |\n  echo before\n  while [ ! -e {go} ]; do sleep 0.05; done\n  echo after\n")
        self.submit()
        self.start_reporter()
        until(lambda: "<span>before</span>" in self.get("/jobs/1/log")[2], "the first line")
        self.assertIn('data-state="growing"', self.page("/jobs/1/log"))
        connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)
        connection.request("GET", "/jobs/1/log.txt")
        answer = connection.getresponse()
        text = b""
        while b"before\n" not in text:
            text += answer.read1()
        self.assertNotIn(b"after", text)
        rows = self.page("/jobs/1/log/rows?attempt=1&row=2&count=100")
        self.assertIn(f'data-bytes="{len(text)}"', rows)
        self.assertIn('data-first="2"', rows)
        self.assertIn('<li id="L3"', rows)
        self.assertIn('data-state="growing"', rows)
        go.touch()
        text += answer.read()  # to its end
        self.assertIn(b"after\n", text)
        self.assertEqual(text.decode(), self.log_of(1))
        connection.close()
        self.assertIn('data-state="complete"', self.page("/jobs/1/log"))

    def test_any_place_of_a_long_log_is_shown_with_its_line_numbers_and_raw_text_is_whole(self):
        self.repository.pipeline("run: |\n  seq -f 'line %010.0f of many' 1 300000\n")
        self.submit()
        self.finished_builds(1)
        self.start_reporter()
        page = self.page("/jobs/1/log")
        self.assertIn("line 0000000001 of many", page)
        self.assertLess(len(page), 300_000)
        begin = int(re.search(r'<li id="L(\d+)".*line 0000000001 of', page).group(1)) - 1
        page = self.page("/jobs/1/log?line=150000")
        self.assertRegex(page, f'<li id="L150000".*line {150000 - begin:010d} of many')
        page = self.page("/jobs/1/log?offset=999999999")
        self.assertIn("line 0000300000 of many", page)
        rows = self.page("/jobs/1/log/rows?row=200000&count=3")
        self.assertEqual(re.findall(r'<li id="L(\d+)".*line (\d+)', rows),
                         [(str(200_001 + i), f"{200_001 + i - begin:010d}") for i in range(3)])
        self.assertEqual(self.page("/jobs/1/log/rows?row=99999999&count=3").count("<li"), 0)
        raw = self.get("/jobs/1/log.txt")[2]
        self.assertEqual(raw.count("of many\n"), 300_000)
        self.assertEqual(raw[1_000_000:], self.get("/jobs/1/log.txt?offset=1000000")[2])

    def test_a_search_finds_what_lies_across_two_rows_of_a_long_line(self):
        self.repository.pipeline("run: |\n  printf '%016381dsea''gull%020000dwa''ve\\n' 0 0\n")
        self.submit()
        self.finished_builds(1)
        self.start_reporter()
        search = lambda query: json.loads(self.get(f"/jobs/1/log/search?{query}")[2])
        found = search("q=seagull")
        self.assertEqual((found["count"], len(found["rows"])), (1, 1))
        self.assertIn("gull0", self.page(f"/jobs/1/log/rows?row={found['rows'][0]}&count=1"))
        self.assertEqual(search("q=wave")["count"], 1)
        self.assertEqual(search("q=seagulls")["count"], 0)

    def times_of(self, job, lines, *, rest=""):
        """Of these lines, as the page of their log has them: seconds since the start, None: not told."""
        page = self.page(f"/jobs/{job}/log{rest}")
        found = {}
        for line in lines:
            attributes = re.search(rf'<li ([^>]*)><a[^>]*>[^<]*</a><span>{re.escape(line)}</span>', page).group(1)
            after = re.search(r'data-after="(\d+):([\d.]+)"', attributes)
            found[line] = after and int(after.group(1)) * 60 + float(after.group(2))
            self.assertEqual("data-clock" in attributes, after is not None)
        return [found[line] for line in lines]

    def test_each_line_of_a_log_says_when_its_job_wrote_it(self):
        go = self.folder / "go"
        self.repository.pipeline(f"run: |\n  echo first\n  while [ ! -e {go} ]; do sleep 0.05; done\n"
                                 "  sleep 1\n  echo second\n  echo third\n")
        self.submit()
        self.start_reporter()
        until(lambda: "<span>first</span>" in self.get("/jobs/1/log")[2], "the first line")
        [first] = self.times_of(1, ["first"])
        go.touch()  # after it was read: what follows is a second later at least
        self.finished_builds(1)
        times = self.times_of(1, ["first", "second", "third"])
        self.assertEqual(times[0], first)
        self.assertGreaterEqual(times[1], first + 0.9)
        self.assertGreaterEqual(times[2], times[1])
        self.assertNotIn("data-times", self.page("/jobs/1/log"))
        self.assertIn('data-times="absolute"', self.page("/jobs/1/log?time=absolute"))
        rows = self.page("/jobs/1/log/rows?row=0&count=100")
        self.assertEqual(rows.count("data-after"), rows.count("<li"))
        self.assertEqual(self.get("/jobs/1/log.txt")[2], self.log_of(1))
        self.assertNotIn("data-", self.log_of(1))

    def test_times_survive_restarts_of_the_broker_and_come_from_a_worker_that_was_without_it(self):
        [broker, _worker] = self.programs
        marks = [self.folder / name for name in ("one", "two", "three")]
        wait = [f"  while [ ! -e {mark} ]; do sleep 0.05; done\n  sleep 1\n" for mark in marks]
        self.repository.pipeline(f"run: |\n  echo before\n{wait[0]}  echo alone\n  echo > {marks[1]}\n{wait[1]}"
                                 f"  echo still alone\n  echo > {marks[2]}\n{wait[2]}  echo after\n")
        self.submit()
        self.start_reporter()
        until(lambda: "<span>before</span>" in self.get("/jobs/1/log")[2], "the first line")
        broker.kill()
        marks[0].touch()
        until(marks[2].exists, "the job has written, and nobody heard it")
        self.start_broker()
        self.finished_builds(1)
        lines = ["before", "alone", "still alone", "after"]
        times = self.times_of(1, lines)
        for earlier, later in zip(times, times[1:]):
            self.assertGreaterEqual(later, earlier + 0.9)
        self.programs[-1].stop()
        self.start_broker()
        until(lambda: self.get("/jobs/1/log")[0] == 200, "the broker is back")
        self.assertEqual(self.times_of(1, lines), times)
        self.assertTrue(list(self.folder.glob("broker/output/0/1.1.times")))
        self.assertNotIn("belong", self.run_cli("fsck", "--state", self.folder / "broker").stdout.decode())

    def test_times_that_cannot_be_true_are_not_kept_and_the_output_is(self):
        self.programs[1].stop()
        connection = Connection(self.broker_address)
        submit(connection, "/srv/harbour", ["a" * 40], jobs=[job("one")])
        worker = Worker(self.broker_address, "liar")
        worker.hello()
        assign = worker.take()

        def time(offset, ms):
            return {"offset": offset, "ms": ms}

        stretches = [[time(0, 1500)], [time(10, 5), time(11, 4)], [time(0, 9)], [time(40, 9)], [time(40, 1 << 60)],
                     [time(50, 9)] * 5000, [time(60, 1600), time(65, None)], []]
        text = b""
        for number, times in enumerate(stretches):
            text += b"line %4d\n" % number
            self.assertEqual(worker.output(assign, len(text) - 10, text[-10:], times=times)["offset"], len(text))
        for nonsense in ("times", [time(80, -1)], [time(80, "soon")], [7]):
            worker.connection.send("Output", blob=b"nonsense", boot=worker.boot, job=assign["job"],
                                   attempt=assign["attempt"], offset=80, times=nonsense)
            self.assertEqual(worker.expect("Error", "OutputOk")["code"], "bad_message")
        worker.finish(assign, output=text)
        _, answer, blob = connection.ask("FetchOutput", job=assign["job"], with_times=True)
        self.assertEqual(blob, text)
        self.assertEqual(answer["times"], [time(0, 1500), time(10, None), time(60, 1600), time(65, None)])
        self.assertGreater(answer["assigned_ms"], 0)
        self.assertEqual(connection.ask("FetchOutput", job=assign["job"])[1]["times"], [])
        connection.close()
        worker.close()

    def test_output_of_very_many_moments_comes_in_several_answers_and_each_line_has_its_time(self):
        self.programs[1].stop()
        connection = Connection(self.broker_address)
        submit(connection, "/srv/harbour", ["a" * 40], jobs=[job("one")])
        worker = Worker(self.broker_address, "clock")
        worker.hello()
        assign = worker.take()
        text, written = b"", []
        for first in range(0, 5000, 1000):
            piece = b"".join(b"tick %4d\n" % number for number in range(first, first + 1000))
            times = [{"offset": 10 * number, "ms": 100 * number} for number in range(first, first + 1000)]
            self.assertEqual(worker.output(assign, len(text), piece, times=times)["offset"], len(text) + len(piece))
            text += piece
            written += times
        worker.finish(assign, output=text)
        came, known, answers = b"", [], 0
        while len(came) < len(text):
            _, answer, blob = connection.ask("FetchOutput", job=assign["job"], offset=len(came), with_times=True)
            self.assertTrue(blob)
            came += blob
            known += answer["times"]
            answers += 1
        self.assertEqual((came, known), (text, written))
        self.assertGreater(answers, 4)
        self.start_reporter()
        self.assertEqual(self.times_of(1, ["tick    0", "tick  123"]), [0, 12.3])
        rows = self.page("/jobs/1/log/rows?row=4000&count=1000")
        self.assertRegex(rows, r'data-after="8:19.9"[^\n]*<span>tick 4999<')
        connection.close()
        worker.close()

    def test_a_search_counts_all_lines_that_have_it_and_says_what_is_wrong_with_an_expression(self):
        self.repository.pipeline("run: |\n  seq -f 'line %010.0f of many' 1 300000\n  printf 'a \\033[31mred\\033[0mdish <b>\\n'\n"
                                 "  echo 'main.cc:1: error: sunk'; exit 1\n")
        self.submit()
        self.finished_builds(1)
        self.start_reporter()
        search = lambda query: json.loads(self.get(f"/jobs/1/log/search?{query}")[2])
        found = search("q=line+0000")
        self.assertEqual(found["count"], 300_000)
        self.assertEqual(len(found["rows"]), 20_000)
        self.assertEqual(search("q=LINE+0000123456&case=1")["count"], 0)
        self.assertEqual(search("q=LINE+0000123456")["count"], 1)
        self.assertEqual(search("q=reddish")["count"], 1)
        self.assertEqual(search("q=0(11111|22222)+of&regex=1")["count"], 2)
        self.assertIn("missing )", search("q=(&regex=1")["error"])
        [row] = search("errors=1")["rows"]
        self.assertIn("sunk", self.page(f"/jobs/1/log/rows?row={row}&count=1"))
        page = self.page("/jobs/1/log?q=%3Cb%3E")
        self.assertIn("1 line found", page)
        self.assertIn("dish &lt;b&gt;", page)
        self.assertIn("missing )", self.page("/jobs/1/log?q=(&regex=on"))
        output = self.log_of(1)
        offset, line = output.index("main.cc"), output[:output.index("main.cc")].count("\n") + 1
        places = json.loads(self.get(f"/jobs/1/log/places?offsets=0,{offset}&line={line}")[2])
        self.assertEqual(places, {"rows": [0, line - 1], "row": line - 1})
        [job] = self.client_json("show", "1")["jobs"]
        self.assertEqual(job["attempts"][0]["steps"][0]["exit_code"], 1)

    def test_a_repository_has_a_page_with_its_builds_and_one_for_each_branch(self):
        self.repository.pipeline("jobs:\n  lint: {run: 'true'}\n  test: {needs: lint, run: exit 3}\n", "Count <ships>")
        self.submit("--ref", "refs/heads/main")
        self.submit("--ref", "refs/heads/to pic&x", "--again")
        self.finished_builds(2)
        self.start_reporter()
        links = re.findall(r'href="(/repositories/[^"]+)"', self.page("/"))
        self.assertEqual(len(set(links)), 3)
        every = self.page(min(links, key=len))
        for words in ("Count &lt;ships&gt;", 'aria-label="lint: passed"', 'aria-label="test: failed"', "<svg role="):
            self.assertIn(words, every)
        [branch] = [link for link in set(links) if "to%20pic%26x" in link]
        self.assertIn('href="/builds/2"', self.page(branch))
        self.assertNotIn('href="/builds/1"', self.page(branch))
        self.assertEqual(self.get("/repositories/nothing")[0], 404)
        self.assertIn("failing</span> since", self.page("/"))
        self.assertIn('class="graph"', self.page("/builds/1"))
        self.assertIn('class="tile failed"', self.page("/?wall"))


class Away(ReporterCase):
    def test_while_the_broker_is_away_pages_say_so_and_afterwards_all_is_as_before(self):
        broker = self.start_broker()
        self.start_reporter()
        self.assertEqual(self.get("/readyz")[0], 200)
        events = self.events()
        broker.kill()
        with concurrent.futures.ThreadPoolExecutor() as pool:  # who waits at the same time hears the same
            page, ready = pool.map(self.get, ("/", "/readyz"))
        status, headers, text = page
        self.assertEqual((status, headers["Retry-After"]), (503, "5"))
        self.assertIn("The broker does not answer", text)
        self.assertIn('http-equiv="refresh"', text)
        status, _, text = ready
        self.assertEqual(status, 503)
        self.assertIn("no broker answered", text)
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(events.next("broker")[1], {"away": True})
        self.start_broker()
        self.assertEqual(events.next("broker")[1], {"away": False})
        events.close()
        until(lambda: self.get("/")[0] == 200, "the page is back")

    def test_it_starts_without_a_broker_and_serves_when_there_is_one(self):
        broker = self.start_broker()
        broker.kill()
        self.start_reporter()
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.get("/")[0], 503)
        self.start_broker()
        until(lambda: self.get("/")[0] == 200, "the page")


class Door(ReporterCase):
    def refused(self, *arguments):
        program = self.start("seaworthy-reporter", "--broker", "tcp://127.0.0.1:1", *arguments, log="refused")
        self.assertEqual(program.process.wait(DEADLINE), 2)
        return program.output()

    def test_it_listens_beyond_this_machine_only_when_told_that_all_may_read(self):
        for address in ("0.0.0.0:0", "[::]:0", "10.1.2.3:80"):
            self.assertIn("--public", self.refused("--listen", address))
        self.broker_address = "tcp://127.0.0.1:1"
        program = self.start_reporter("--public", listen="0.0.0.0:0")
        self.host = "127.0.0.1"
        self.assertEqual(self.get("/healthz", {"Host": "ci.example.org"})[0], 200)
        self.assertIn("PUBLIC", program.output())

    def test_words_that_are_no_address_and_ports_in_use_are_refused_with_what_to_do(self):
        for address in ("8080", "localhost:", "localhost:x", "localhost:65536", "nowhere.invalid:80"):
            self.assertIn("--listen takes", self.refused("--public", "--listen", address))
        self.broker_address = "tcp://127.0.0.1:1"
        self.start_reporter()
        self.assertIn("name another address", self.refused("--listen", self.address))
        taken = self.address
        self.start_reporter("--or-any-port", listen=taken, log="second")
        self.assertNotEqual(self.address, taken)

    def test_a_page_of_another_site_whose_name_points_here_reads_nothing(self):
        self.broker_address = "tcp://127.0.0.1:1"
        self.start_reporter()
        self.assertEqual(self.get("/healthz", {"Host": "evil.example.org"})[0], 421)
        for own in ("localhost", f"localhost:{self.port}", "127.0.0.1", "[::1]:80"):
            self.assertEqual(self.get("/healthz", {"Host": own})[0], 200, own)

    def test_it_stops_when_told_to_with_pages_open(self):
        self.start_broker()
        program = self.start_reporter()
        streams = [self.events() for _ in range(5)]
        self.assertEqual(program.stop(signal.SIGTERM), 0)
        for stream in streams:
            stream.close()


class Keys(ReporterCase):
    def test_the_key_of_its_role_is_enough_for_all_pages_and_without_it_they_say_why_not(self):
        keys = self.folder / "keys"
        self.run_cli("keygen", "--dir", keys)
        self.start_broker("--keys", keys)
        self.start_worker("worker", "--key", keys / "worker.key")
        repository = Repository(self.folder / "harbour")
        repository.pipeline("run: echo moored\n")
        self.client("submit", repository.path, "--mirrors", self.folder / "mirrors", "--key", keys / "admin.key")
        self.client("wait", "1", "--key", keys / "admin.key")
        self.start_reporter("--key", keys / "reporter.key")
        for path in ("/", "/queue", "/workers", "/builds/1", "/jobs/1/log"):
            self.page(path)
        self.assertIn("moored\n", self.get("/jobs/1/log.txt")[2])
        until(lambda: 'data-after="0"' not in self.page("/"), "events are followed")
        self.start_reporter(listen="127.0.0.1:0", log="keyless")
        status, _, text = self.get("/")
        self.assertEqual(status, 503)
        self.assertIn("key", text)


class Hostile(ReporterCase):
    def setUp(self):
        super().setUp()
        self.start_broker()

    def serves(self):
        return self.get("/healthz")[0] == 200 and bool(self.page("/"))

    def test_requests_that_are_none_are_answered_in_words_of_http_and_nobody_else_notices(self):
        self.start_reporter()
        for request, status in {
            b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n": 405,
            b"DELETE /builds/1 HTTP/1.1\r\nHost: localhost\r\n\r\n": 405,
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello": 413,
            b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 413,
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n": 431,
            b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n": 431,
            b"GET / HTTP/9.9\r\n\r\n": 400,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200: 400,
            b"GET /../../etc/passwd HTTP/1.0\r\n\r\n": 404,
            b"GET /assets/../../../etc/passwd HTTP/1.0\r\n\r\n": 404,
            b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.0\r\n\r\n": 404,
            b"GET http://localhost/ HTTP/1.0\r\nHost: localhost\r\n\r\n": 404,
            b"GET /healthz HTTP/1.0\r\n\r\n": 200,
        }.items():
            with self.subTest(request=request[:40]):
                self.assertRegex(self.raw(request), rf"^HTTP/1.1 {status} ")
        self.assertIn("Allow: GET, HEAD", self.raw(b"PUT / HTTP/1.0\r\n\r\n"))
        self.assertTrue(self.serves())

    def test_two_requests_at_once_get_their_answers_in_order(self):
        self.start_reporter()
        one = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
        two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertEqual(re.findall(r"HTTP/1.1 (\d+)", self.raw(one + two)), ["404", "200"])

    def test_who_sends_too_slowly_or_nothing_is_let_go_and_pages_come_meanwhile(self):
        self.start_reporter("--deadline", "5s")
        slow = [socket.create_connection((self.host, self.port), timeout=DEADLINE) for _ in range(50)]
        for peer in slow[:25]:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        self.assertTrue(self.serves())
        for peer in slow:
            with contextlib.suppress(ConnectionError):
                self.assertEqual(peer.recv(1), b"")
            peer.close()

    def test_more_connections_than_are_allowed_are_told_so_and_those_that_end_make_room(self):
        self.start_reporter("--connections", "100")
        peers = [socket.create_connection((self.host, self.port), timeout=DEADLINE) for _ in range(100)]

        def is_refused():
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                return self.get("/healthz")[0] == 503
        until(is_refused, "one more is refused")
        more = [socket.create_connection((self.host, self.port), timeout=DEADLINE) for _ in range(200)]
        for peer in peers + more:
            peer.close()

        def is_served():
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                return self.serves()
        until(is_served, "the page")

    def test_where_descriptors_are_few_so_are_connections_and_it_lives_on(self):
        program = self.start_reporter(descriptors=200)
        self.assertIn("72 connections", program.output())
        peers = [socket.create_connection((self.host, self.port), timeout=DEADLINE) for _ in range(300)]
        for peer in peers:
            peer.close()

        def is_served():
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                return self.serves()
        until(is_served, "the page")
        self.assertIsNone(program.process.poll())
        program = self.start("seaworthy-reporter", "--broker", self.broker_address, "--listen", "127.0.0.1:0",
                             log="few", descriptors=60)
        self.assertEqual(program.process.wait(DEADLINE), 2)
        self.assertIn("ulimit -n", program.output())

    def test_readers_of_output_that_take_nothing_cost_little_and_are_let_go(self):
        connection = Connection(self.broker_address)
        self.addCleanup(connection.close)
        self.start_worker("anna")
        repository = Repository(self.folder / "loud")
        repository.pipeline("run: |\n  yes 0123456789012345678901234567890123456789 | head -c 20000000\n")
        self.client("submit", repository.path, "--mirrors", self.folder / "mirrors", timeout=DEADLINE)
        self.finished_builds(1)
        program = self.start_reporter("--deadline", "5s")
        self.page("/jobs/1/log")
        self.assertTrue(self.serves())  # both who ask the broker are connected

        def descriptors():
            return len(os.listdir(f"/proc/{program.pid}/fd"))
        idle = descriptors()

        def resident():
            status = pathlib.Path(f"/proc/{program.pid}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024
        before = resident()
        peers = []
        for _ in range(20):
            peer = socket.socket()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(DEADLINE)
            peer.connect((self.host, self.port))
            peer.sendall(b"GET /jobs/1/log.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
            peers.append(peer)
        for peer in peers:
            self.assertEqual(peer.recv(1), b"H")
        self.assertTrue(self.serves())
        self.assertLess(resident() - before, 64 * 1024 * 1024)
        until(lambda: descriptors() <= idle, "all are let go")
        for peer in peers:  # cut off in the middle, which chunks show
            data = b""
            with contextlib.suppress(ConnectionError):
                while piece := peer.recv(1 << 20):
                    data += piece
            self.assertFalse(data.endswith(b"0\r\n\r\n"))
            peer.close()

    def test_hostile_names_subjects_and_logs_are_shown_as_text(self):
        connection = Connection(self.broker_address)
        self.addCleanup(connection.close)
        revision = "ab" * 20
        one = job("lint")
        one["name"] = "<img src=x onerror=alert(2)>"
        pipelines = [{"jobs": [one], "decided": None}]
        name, body, _ = connection.ask(
            "Submit", request=os.urandom(16), repository=f"/srv/{HOSTILE}", ref=f"refs/heads/{HOSTILE}", tip=revision,
            pipelines=pipelines, again=False,
            revisions=[{"revision": revision, "depth": 0, "pipeline": 0, "subject": HOSTILE, "author": HOSTILE}])
        self.assertEqual(name, "SubmitOk", body)
        repository = Repository(self.folder / "loud")
        # A worker that never does the job above: its checkout cannot be made.
        self.start_reporter()
        for path in ("/", "/queue", "/builds/1", "/jobs/1/log"):
            page = self.page(path)
            with self.subTest(path=path):
                self.assertNotIn("<script>alert", page)
                self.assertNotIn("<img src=x", page)
                self.assertNotIn(BIDI, page)
                self.assertIn("&lt;", page)
        self.assertIn("‹U+202E›", self.page("/builds/1"))
        submit(connection, str(repository.path), ["cd" * 20],
               decided={"verdict": "failed", "explanation": HOSTILE + "\x1b[31m</li><script>alert(3)"})
        page = self.page("/jobs/2/log")
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(3)", page)


if __name__ == "__main__":
    unittest.main()
