#!/usr/bin/python3
"""News with the real programs: mails, webhooks, chat and commit statuses to receivers that fail, stall and lie; a
dead target beside a live one; and a reporter that is killed again and again while news are on their way.

    news_test.py --kills 50
"""

import contextlib
import hashlib
import hmac
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import unittest

from programs import BIN, DEADLINE, ENVIRONMENT, Case, ReservedPort, until
from protocol import Connection, Worker, job
from receivers import HttpReceiver, MailServer, make_certificate

KILLS = 50


class NewsCase(Case):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.connection = Connection(self.broker_address)
        self.addCleanup(self.connection.close)
        self.submitted = 0

    def receiver(self, *script, **more):
        receiver = HttpReceiver(*script, **more)
        self.addCleanup(receiver.stop)
        return receiver

    def mail_server(self, **more):
        server = MailServer(**more)
        self.addCleanup(server.stop)
        return server

    def write_news(self, targets, rules):
        """A file of news: JSON is YAML."""
        path = self.folder / "news.yml"
        path.write_text(json.dumps({"targets": targets, "rules": rules}))
        path.chmod(0o600)
        return path

    def start_reporter(self, targets=None, rules=None, **more):
        """Returns when it follows: each target's cursor is saved."""
        if targets is not None:
            self.write_news(targets, rules)
        reporter = self.start("seaworthy-reporter", "--broker", self.broker_address, "--listen", "127.0.0.1:0",
                              "--news", self.folder / "news.yml", "--url", "https://ci.example.org/", log="reporter",
                              **more)
        names = json.loads((self.folder / "news.yml").read_text())["targets"]
        until(lambda: all(self.cursor(name) is not None for name in names), "each target has a cursor")
        return reporter

    def cursor(self, name):
        return self.connection.ask("FetchCursor", name="news/" + name)[1]["sequence"]

    def submit(self, decided=None, ref="refs/heads/main", repository="/srv/git/harbour.git", jobs=None,
               subject="Moor the ships", author="Ada <ada@example.org>"):
        """A build, which has its verdict at once if `decided`; its number."""
        self.submitted += 1
        revision = f"{self.submitted:040x}"
        pipeline = {"jobs": [] if decided else jobs or [job("test", "make test")],
                    "decided": {"verdict": decided, "explanation": "no pipeline"} if decided else None}
        candidate = {"revision": revision, "depth": 0, "pipeline": 0, "subject": subject, "author": author}
        name, body, _ = self.connection.ask("Submit", request=os.urandom(16), repository=repository, ref=ref,
                                            tip=revision, pipelines=[pipeline], revisions=[candidate], again=False)
        self.assertEqual(name, "SubmitOk", body)
        return body["builds"][0]["build"]

    def worker(self):
        worker = Worker(self.broker_address, "amy")
        self.addCleanup(worker.close)
        worker.hello()
        return worker

    def run_build(self, worker, outcome, output=b"", detail="", **more):
        build = self.submit(**more)
        assign = worker.take()
        if output:
            worker.output(assign, 0, output)
        worker.finish(assign, outcome, output, detail=detail)
        return build

    def saved(self, name, receiver):
        """Waits until the target's cursor has come to the last message that was confirmed."""
        until(lambda: self.cursor(name) == receiver.bodies()[-1]["sequence"], "the cursor is saved")

    def finished_events(self):
        """(id as news have it, build) of each finished build."""
        found, last = [], 0
        while True:
            _, answer, _ = self.connection.ask("FetchEvents", after=last, limit=500, wait_ms=0)
            if not answer["events"]:
                return found
            last = answer["last"]
            found += [(f"{event['sequence']}-{event['at_ms']}", event["build"]) for event in answer["events"]
                      if event["kind"] == "build_finished"]

    def notify_test(self, target, url=None):
        more = ["--url", url] if url else []
        return subprocess.run([str(BIN / "seaworthy"), "notify-test", target, "--news", str(self.folder / "news.yml"),
                               *more], capture_output=True, text=True, env=ENVIRONMENT, timeout=DEADLINE)


class Webhooks(NewsCase):
    def test_a_finished_build_arrives_signed_with_its_whole_story(self):
        there = self.receiver()
        # A proxy of the environment is not used.
        self.start_reporter({"hook": {"kind": "webhook", "url": there.url, "secret": "s3cret"}}, [{"target": "hook"}],
                            environment={"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
        worker = self.worker()
        build = self.run_build(worker, "failed", detail="step 'make test' exited with 2")
        request = until(lambda: there.confirmed(), "the webhook arrived")[0]
        headers, body = request["headers"], json.loads(request["body"])
        expected = "sha256=" + hmac.new(b"s3cret", request["body"], hashlib.sha256).hexdigest()
        self.assertEqual(headers["X-Seaworthy-Signature"], expected)
        self.assertEqual(headers["X-Seaworthy-Delivery"], body["id"])
        self.assertEqual((headers["X-Seaworthy-Event"], headers["Content-Type"]), ("build_finished", "application/json"))
        self.assertEqual(self.finished_events(), [(body["id"], build)])
        self.assertEqual((body["verdict"], body["verdict_before"], body["change"]), ("failed", None, True))
        self.assertEqual(body["url"], f"https://ci.example.org/builds/{build}")
        self.assertEqual(body["jobs"][0]["detail"], "step 'make test' exited with 2")
        self.assertEqual(body["jobs"][0]["log_url"], f"https://ci.example.org/jobs/{body['jobs'][0]['job']}/log")

    def test_receivers_that_fail_stall_close_and_lie_get_it_again_with_the_same_id(self):
        faults = {"error": 500, "stall": "stall", "close": "close", "lie": "lie",
                  "busy": (429, {"Retry-After": "1"}), "away": 503}
        there = {name: self.receiver(word) for name, word in faults.items()}
        reporter = self.start_reporter(
            {name: {"kind": "webhook", "url": one.url, "timeout": "2s"} for name, one in there.items()},
            [{"target": name} for name in there])
        builds = [self.submit("failed"), self.submit("skipped")]
        for name, one in there.items():
            with self.subTest(fault=name):
                until(lambda: len(one.confirmed()) == 2, f"both arrived at {name}")
                ids = [request["headers"]["X-Seaworthy-Delivery"] for request in one.all()]
                self.assertEqual(ids[0], ids[1])
                self.assertEqual([body["build"] for body in one.bodies()], builds)
                self.assertIn(f"news/{name}: build {builds[0]} failed not delivered at try 1, again in",
                              reporter.output())

    def test_a_redirect_is_not_followed_and_a_message_that_is_refused_for_good_keeps_no_other_waiting(self):
        elsewhere, strict = self.receiver(), self.receiver(400, 410, "ok")
        leads_away = self.receiver(*[(302, {"Location": elsewhere.url})] * 9)
        reporter = self.start_reporter(
            {"away": {"kind": "webhook", "url": leads_away.url}, "strict": {"kind": "webhook", "url": strict.url}},
            [{"target": "away"}, {"target": "strict"}])
        builds = [self.submit("failed") for _ in range(3)]
        until(lambda: strict.confirmed(), "the third one arrived")
        self.assertEqual([body["build"] for body in strict.bodies()], builds[2:])
        until(lambda: "redirects are not followed" in reporter.output(), "the redirect is told")
        self.assertEqual(elsewhere.all(), [])
        self.assertEqual(len(leads_away.all()), 1)
        self.assertIn(f"news/strict: build {builds[1]} failed given up, the others go on: HTTP 410", reporter.output())

    def test_a_dead_target_keeps_no_other_one_waiting_and_gets_all_in_order_when_it_is_back(self):
        live, stalls, port = self.receiver(), self.receiver(*["stall"] * 50), ReservedPort()
        self.addCleanup(port.close)
        self.start_reporter(
            {"live": {"kind": "webhook", "url": live.url}, "stalls": {"kind": "webhook", "url": stalls.url, "timeout": "10m"},
             "dead": {"kind": "webhook", "url": f"http://127.0.0.1:{port.number}/hook"}},
            [{"target": "live"}, {"target": "stalls"}, {"target": "dead"}])
        builds = [self.submit("failed") for _ in range(20)]
        until(lambda: len(live.confirmed()) == 20, "all arrived at the live one")
        self.assertEqual(len(stalls.all()), 1)
        back = self.receiver(port=port.number)
        until(lambda: len(back.confirmed()) == 20, "all arrived at the one that was dead")
        for one in (live, back):
            self.assertEqual([body["build"] for body in one.bodies()], builds)

    def test_a_new_target_begins_with_the_newest_event_and_an_old_one_goes_on_where_it_was(self):
        old, new = self.receiver(), self.receiver()
        before = self.submit("failed")
        targets = {"old": {"kind": "webhook", "url": old.url}}
        reporter = self.start_reporter(targets, [{"target": "old"}])
        first = self.submit("failed")
        until(lambda: old.confirmed(), "the first arrived")
        self.saved("old", old)
        reporter.stop()
        while_down = self.submit("failed")
        targets["new"] = {"kind": "webhook", "url": new.url}
        self.start_reporter(targets, [{"target": "old"}, {"target": "new"}])
        last = self.submit("failed")
        until(lambda: len(old.confirmed()) == 3 and new.confirmed(), "all arrived")
        self.assertEqual([body["build"] for body in old.bodies()], [first, while_down, last])
        self.assertEqual([body["build"] for body in new.bodies()], [last])
        self.assertNotIn(before, [body["build"] for body in old.bodies()])

    def test_only_a_change_is_told_over_a_restart_and_whatever_other_branches_do(self):
        there = self.receiver()
        reporter = self.start_reporter({"hook": {"kind": "webhook", "url": there.url}},
                                       [{"target": "hook", "when": "change", "branch": "main"}])
        worker = self.worker()
        self.run_build(worker, "passed")
        broke = self.run_build(worker, "failed")
        self.submit("failed", ref="refs/heads/topic")
        self.run_build(worker, "failed")
        self.submit("skipped")
        until(lambda: there.confirmed(), "the change arrived")
        until(lambda: self.cursor("hook") >= there.bodies()[-1]["sequence"], "the cursor is saved")
        reporter.stop()
        self.start_reporter()
        healed = self.run_build(worker, "passed")
        until(lambda: len(there.confirmed()) == 2, "the second change arrived")
        self.assertEqual([body["build"] for body in there.bodies()], [broke, healed])
        self.assertEqual([body["verdict_before"] for body in there.bodies()], ["passed", "failed"])

    def test_rules_choose_by_repository_branch_and_verdict(self):
        harbour, failures = self.receiver(), self.receiver()
        self.start_reporter(
            {"harbour": {"kind": "webhook", "url": harbour.url}, "failures": {"kind": "webhook", "url": failures.url}},
            [{"target": "harbour", "repository": "*/harbour.git", "branch": ["main", "release-*"]},
             {"target": "failures", "when": "failure"}])
        wanted = [self.submit("skipped"), self.submit("failed", ref="refs/heads/release-2")]
        elsewhere = [self.submit("failed", ref="refs/heads/topic"), self.submit("failed", repository="/srv/git/dock")]
        self.submit("skipped", repository="/srv/git/dock")
        until(lambda: len(failures.confirmed()) == 3 and len(harbour.confirmed()) == 2, "all arrived")
        self.assertEqual([body["build"] for body in harbour.bodies()], wanted)
        self.assertEqual([body["build"] for body in failures.bodies()], [wanted[1], *elsewhere])

    def test_a_build_that_was_removed_before_it_could_be_told_is_passed_over(self):
        there = self.receiver("stall")
        reporter = self.start_reporter({"hook": {"kind": "webhook", "url": there.url}}, [{"target": "hook"}])
        reporter.stop()
        builds = [self.submit("failed") for _ in range(3)]
        reporter = self.start_reporter()
        until(lambda: there.all(), "the first is under way, and with it the events of all three are known")
        self.programs[0].kill()
        self.remove(builds[1])
        self.start_broker()
        there.released.set()
        until(lambda: len(there.confirmed()) == 2, "the others arrived")
        self.assertEqual([body["build"] for body in there.bodies()], [builds[0], builds[2]])
        self.assertIn(f"build {builds[1]} failed is not told: there is no build {builds[1]} any more", reporter.output())

    def remove(self, build):
        """As a broker does that is to keep no more than so many."""
        with contextlib.closing(sqlite3.connect(self.folder / "broker" / "seaworthy.db")) as store, store:
            for key, numbers in (("last_sequence", "SELECT max(sequence) FROM event"), ("last_job", "SELECT max(id) FROM job"),
                                 ("last_build", "SELECT max(id) FROM build"), ("last_rank", "SELECT max(rank) FROM build"),
                                 ("removed_builds", "SELECT 1")):
                store.execute(f"UPDATE meta SET value = max(value, ({numbers})) WHERE key = ?", (key,))
            for statement in ("DELETE FROM event WHERE build = ?", "DELETE FROM job WHERE build = ?",
                              "DELETE FROM request WHERE first_build = ?", "DELETE FROM build WHERE id = ?"):
                store.execute(statement, (build,))

    def test_a_broker_that_goes_and_comes_back_holds_news_up_and_loses_none(self):
        there = self.receiver()
        self.start_reporter({"hook": {"kind": "webhook", "url": there.url}}, [{"target": "hook"}])
        builds = [self.submit("failed")]
        until(lambda: there.confirmed(), "the first arrived")
        self.saved("hook", there)
        self.programs[0].kill()
        self.start_broker()
        builds.append(self.submit("failed"))
        until(lambda: len(there.confirmed()) == 2, "the second arrived")
        self.assertEqual([body["build"] for body in there.bodies()], builds)


class Statuses(NewsCase):
    def test_a_commit_is_pending_and_then_has_its_verdict_at_each_forge(self):
        there = self.receiver()
        base = f"http://127.0.0.1:{there.port}"
        self.start_reporter(
            {"github": {"kind": "github", "api": base, "token": "t1"}, "gitea": {"kind": "gitea", "url": base, "token": "t2"},
             "gitlab": {"kind": "gitlab", "url": base, "token": "t3"}},
            [{"target": "github", "project": "ada/harbour"}, {"target": "gitea"}, {"target": "gitlab"}])
        worker = self.worker()
        self.run_build(worker, "failed", repository="https://git.example.org/ada/harbour.git")
        until(lambda: len(there.confirmed()) == 6, "each forge was told twice")
        revision = f"{1:040x}"
        for path, header, words in (
                (f"/repos/ada/harbour/statuses/{revision}", ("Authorization", "Bearer t1"), ["pending", "failure"]),
                (f"/api/v1/repos/ada/harbour/statuses/{revision}", ("Authorization", "token t2"), ["pending", "failure"]),
                (f"/api/v4/projects/ada%2Fharbour/statuses/{revision}", ("Private-Token", "t3"), ["pending", "failed"])):
            requests = [request for request in there.confirmed() if request["path"] == path]
            self.assertEqual([json.loads(request["body"])["state"] for request in requests], words)
            for request in requests:
                self.assertEqual({name.title(): value for name, value in request["headers"].items()}[header[0]], header[1])

    def test_a_commit_that_a_forge_does_not_know_keeps_no_other_waiting(self):
        there = self.receiver(422, 404)
        reporter = self.start_reporter({"github": {"kind": "github", "api": f"http://127.0.0.1:{there.port}", "token": "t"}},
                                       [{"target": "github", "project": "ada/harbour"}])
        self.submit("failed")
        self.submit("failed")
        until(lambda: len(there.confirmed()) == 2, "the second one's statuses were set")
        self.assertEqual(reporter.output().count("given up, the others go on"), 2)

    def test_a_repository_on_a_disk_names_no_project_and_it_is_said_what_to_do(self):
        there = self.receiver()
        reporter = self.start_reporter({"gitea": {"kind": "gitea", "url": f"http://127.0.0.1:{there.port}", "token": "t"}},
                                       [{"target": "gitea"}])
        self.submit("failed")
        until(lambda: "write project: owner/name in the rule" in reporter.output(), "it is said")
        self.assertEqual(there.all(), [])


class Chat(NewsCase):
    def test_a_chat_is_told_with_a_link_and_what_others_wrote_calls_nobody(self):
        there = self.receiver()
        self.start_reporter({"chat": {"kind": "slack", "url": there.url}}, [{"target": "chat"}])
        build = self.submit("failed", subject="<!channel> @all & <https://evil.example|x>")
        text = json.loads(until(lambda: there.confirmed(), "the message arrived")[0]["body"])["text"]
        self.assertIn(f"<https://ci.example.org/builds/{build}|Build {build}>", text)
        self.assertIn("&lt;!channel&gt;", text)
        self.assertNotIn("@all", text)
        self.assertEqual(text.count("<"), 1)


class Mail(NewsCase):
    def certificate(self):
        return make_certificate(self.folder)

    def target(self, server, scheme="smtp", **more):
        return {"kind": "mail", "server": f"{scheme}://127.0.0.1:{server.port}", "from": "Seaworthy <ci@example.org>",
                **more}

    def text_of(self, mail, kind="plain"):
        return mail["mail"].get_body((kind,)).get_content().replace("\r\n", "\n")

    def test_a_failed_build_is_a_mail_with_the_end_of_its_output_over_tls_with_a_password(self):
        certificate = self.certificate()
        for tls, scheme in (("starttls", "smtp"), ("tls", "smtps")):
            with self.subTest(tls=tls):
                server = self.mail_server(certificate=certificate, tls=tls, user="ci", password="pass word")
                reporter = self.start_reporter(
                    {"mail": self.target(server, scheme, user="ci", password="pass word", **{"ca-file": str(certificate[0])})},
                    [{"target": "mail", "when": "failure", "to": ["author", "team@example.org"]}])
                worker = self.worker()
                output = b"".join(b"line %d of \x1b[31mthe output\x1b[0m\n" % number for number in range(100))
                build = self.run_build(worker, "failed", output, "step 'make test' exited with 2",
                                       subject="Größe: moor the ships")
                mail = until(lambda: server.mails, "the mail arrived")[0]
                self.assertTrue(mail["tls"])
                self.assertEqual(server.signed_in, [True])
                self.assertEqual((mail["from"], mail["to"]), ("ci@example.org", ["team@example.org", "ada@example.org"]))
                self.assertEqual(mail["mail"]["Subject"], "failed: harbour main: Größe: moor the ships")
                self.assertEqual(mail["mail"]["From"], "Seaworthy <ci@example.org>")
                self.assertRegex(mail["mail"]["Message-ID"], rf"<\d+-\d+\.build\.seaworthy@example\.org>")
                self.assertFalse(mail["mail"].defects)
                text = self.text_of(mail)
                self.assertIn("  | line 99 of the output\n", text)
                self.assertIn("  | line 40 of the output\n", text)
                self.assertNotIn("line 39 of", text)
                for part in (f"https://ci.example.org/builds/{build}", "step 'make test' exited with 2",
                             "git clone /srv/git/harbour.git harbour && cd harbour", "  make test"):
                    self.assertIn(part, text)
                self.assertIn("line 99 of the output", self.text_of(mail, "html"))
                self.assertIsNone(re.search(rb"(?<!\r)\n", mail["bytes"]), "a bare line feed")
                worker.close()
                reporter.stop()

    def test_a_mail_that_is_put_off_dropped_or_stalled_arrives_and_can_be_told_from_a_second_one(self):
        answers = {1: "451 try again later", 2: "drop", 3: "stall"}
        server = self.mail_server(at={"data": answers.get})
        self.start_reporter({"mail": self.target(server, tls="none", timeout="2s")},
                            [{"target": "mail", "to": "team@example.org"}])
        self.submit("failed")
        self.submit("failed")
        until(lambda: len(server.mails) == 3, "both mails arrived, the first twice")
        ids = [mail["mail"]["Message-ID"] for mail in server.mails]
        self.assertEqual(ids[0], ids[1])
        self.assertNotEqual(ids[1], ids[2])
        self.assertEqual(len({mail["mail"]["References"] for mail in server.mails}), 1)

    def test_a_mail_that_is_refused_for_its_text_keeps_no_other_waiting(self):
        server = self.mail_server(at={"data": {1: "554 looks like spam"}.get})
        reporter = self.start_reporter({"mail": self.target(server, tls="none")},
                                       [{"target": "mail", "to": "team@example.org"}])
        first, second = self.submit("failed"), self.submit("failed")
        mail = until(lambda: server.mails, "the second mail arrived")[0]
        self.assertEqual(mail["mail"]["X-Seaworthy-Build"], str(second))
        self.assertIn(f"build {first} failed given up, the others go on: 554 looks like spam", reporter.output())

    def test_an_address_that_is_refused_for_good_keeps_the_mail_from_nobody_else(self):
        server = self.mail_server(at={"rcpt": lambda address: "550 no such user" if address.startswith("gone") else None})
        reporter = self.start_reporter({"mail": self.target(server, tls="none")},
                                       [{"target": "mail", "to": ["gone@example.org", "team@example.org", "gone2@example.org"]}])
        self.submit("failed")
        mail = until(lambda: server.mails, "the mail arrived")[0]
        self.assertEqual(mail["to"], ["team@example.org"])
        for address in ("gone@example.org", "gone2@example.org"):
            self.assertIn(f"is not sent to {address}: 550 no such user", reporter.output())

    def test_an_author_who_is_more_than_an_address_gets_nothing_and_adds_nothing(self):
        server = self.mail_server()
        reporter = self.start_reporter({"mail": self.target(server, tls="none")},
                                       [{"target": "mail", "to": ["author", "team@example.org"]}])
        self.submit("failed", author="Eve <eve@example.org>\r\nBcc: all@example.org <x>",
                    subject="x\r\nBcc: all@example.org\r\n\r\nbody")
        mail = until(lambda: server.mails, "the mail arrived")[0]
        self.assertEqual(mail["to"], ["team@example.org"])
        self.assertIsNone(mail["mail"]["Bcc"])
        self.assertIn("has no address that a mail can be sent to", reporter.output())


class Tried(NewsCase):
    """What an operator does before relying on it."""

    def test_a_test_message_says_what_the_other_side_said(self):
        certificate = make_certificate(self.folder)
        good, bad = self.receiver(), self.receiver(500)
        server = self.mail_server(certificate=certificate, tls="starttls", user="ci", password="right")
        mail = {"kind": "mail", "server": f"smtp://127.0.0.1:{server.port}", "from": "ci@example.org", "user": "ci",
                "ca-file": str(certificate[0])}
        plain = self.mail_server()
        github = self.receiver((422, {}))
        self.write_news(
            {"good": {"kind": "slack", "url": good.url}, "bad": {"kind": "webhook", "url": bad.url},
             "mail": {**mail, "password": "right"}, "wrong": {**mail, "password": "wrong"},
             "stranger": {key: value for key, value in mail.items() if key != "ca-file"} | {"password": "right"},
             "plain": {"kind": "mail", "server": f"smtp://127.0.0.1:{plain.port}", "from": "ci@example.org"},
             "github": {"kind": "github", "api": f"http://127.0.0.1:{github.port}", "token": "t"}},
            [{"target": "mail", "to": "team@example.org"}])
        for target, code, said in (
                ("good", 0, "good: arrived: HTTP 200"), ("bad", 2, 'bad: not delivered: HTTP 500: {"said": "500"}'),
                ("mail", 0, "mail: arrived: 250 taken as number 1"), ("wrong", 2, "535"),
                ("stranger", 2, "certificate"), ("plain", 2, "TLS"), ("github", 2, "no rule for this target has project"),
                ("githob", 2, "did you mean 'github'?"),
                ("somewhere", 2, "the targets are good, bad, mail")):
            with self.subTest(target=target):
                result = self.notify_test(target, "https://ci.example.org")
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(said, result.stdout if code == 0 else result.stderr)
                self.assertNotIn("error reporter", result.stderr)
        self.assertIn("This is a test", json.loads(good.all()[0]["body"])["text"])
        self.assertEqual(server.mails[0]["to"], ["team@example.org"])
        self.assertEqual(plain.mails, [])

    def test_a_news_file_is_checked_without_starting_anything(self):
        path = self.write_news({"chat": {"kind": "slack", "url": "https://hooks.example.org/x"}}, [{"target": "chta"}])

        def check():
            return subprocess.run([str(BIN / "seaworthy-reporter"), "--check-news", "--news", str(path)],
                                  capture_output=True, text=True, env=ENVIRONMENT, timeout=DEADLINE)
        self.assertEqual(check().returncode, 2)
        self.assertRegex(check().stderr, r"line 1, column \d+: there is no target 'chta'; did you mean 'chat'\?")
        self.write_news({"chat": {"kind": "slack", "url": "https://hooks.example.org/x"}}, [{"target": "chat"}])
        self.assertEqual((check().returncode, check().stdout), (0, "the news file is right: 1 target, 1 rule\n"))
        path.chmod(0o644)
        self.assertIn("everybody on this machine may read it", check().stderr)


class Killed(NewsCase):
    def test_a_reporter_that_is_killed_again_and_again_loses_nothing_and_repeats_one_message_a_kill_at_most(self):
        chance = random.Random(11)
        good = self.receiver()
        moody = self.receiver(*[chance.choice(["ok"] * 18 + [500, "close"]) for _ in range(10 * KILLS)])
        targets = {"good": {"kind": "webhook", "url": good.url, "timeout": "5s"},
                   "moody": {"kind": "webhook", "url": moody.url, "timeout": "5s"}}
        reporter = self.start_reporter(targets, [{"target": "good"}, {"target": "moody"}])
        for kill in range(KILLS):
            for _ in range(chance.randint(1, 8)):
                self.submit("failed")
            arrived, more = len(good.all()), chance.randint(1, 4)
            behind = len(self.finished_events()) - len({one["headers"]["X-Seaworthy-Delivery"] for one in good.all()})
            until(lambda: len(good.all()) >= arrived + min(more, behind), f"news go on before kill {kill + 1}")
            reporter.kill()
            self.programs.remove(reporter)
            reporter = self.start_reporter()
        expected = [one for one, _ in self.finished_events()]
        for name, receiver in (("good", good), ("moody", moody)):
            until(lambda: receiver.confirmed() and expected[-1] in
                  [one["headers"]["X-Seaworthy-Delivery"] for one in receiver.confirmed()],
                  f"the last one arrived at {name}", deadline=300)
            arrived = [one["headers"]["X-Seaworthy-Delivery"] for one in receiver.confirmed()]
            repeated = len(arrived) - len(set(arrived))
            print(f"{name}: {KILLS} kills, {len(expected)} builds, {len(receiver.all())} requests, {len(arrived)} "
                  f"confirmed, {repeated} of them twice", file=sys.stderr)
            self.assertEqual(list(dict.fromkeys(arrived)), expected)
            self.assertLessEqual(repeated, KILLS)


if __name__ == "__main__":
    if "--kills" in sys.argv:
        at = sys.argv.index("--kills")
        KILLS = int(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    unittest.main()
