#!/usr/bin/python3
"""What the reporter says to programs, who is let in, and what its buttons do: real broker, worker and reporter. Answers
are compared with the OpenAPI document that the reporter serves."""

import http.client
import http.cookies
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.parse
import xml.dom.minidom

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "reporter")]

import schema  # noqa: E402
from programs import DEADLINE, Repository, until  # noqa: E402
from reporter_test import HOSTILE, ReporterCase  # noqa: E402

quote = urllib.parse.quote
FOREIGN = "<script>alert(1)</script>\"'&]]>"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)


class ApiCase(ReporterCase):
    def setUp(self):
        super().setUp()
        self.broker = self.start_broker()
        self.repository = Repository(self.folder / "harbour")
        self.document = json.loads((ROOT / "reporter/api/openapi.json").read_text())

    def submit(self, *arguments):
        self.client("submit", self.repository.path, "--mirrors", self.folder / "mirrors", *arguments)

    def ask(self, path, method="GET", body=None, **fields):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def check(self, answer, template, method="get", status=None):
        """Is the answer what the document says of this address?"""
        responses = self.document["paths"][template][method]["responses"]
        said = responses.get(str(answer.status), responses.get("default"))
        self.assertIsNotNone(said, f"{template}: {answer.status} is not in the document")
        if "$ref" in said:
            said = self.document["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
        if status is not None:
            self.assertEqual(answer.status, status, answer.text)
        kind = answer.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, said["content"], f"{template}: {kind}")
        if "schema" in said["content"][kind]:
            wrong = schema.errors(answer.json(), said["content"][kind]["schema"], self.document)
            self.assertEqual(wrong, [], template)
        return answer

    def api(self, template, query="", status=200, **fields):
        path = re.sub(r"\{\w+\}", lambda _: str(fields.pop("number")), template)
        return self.check(self.ask(path + query, **fields), template, status=status).json()


class Looking(ApiCase):
    def setUp(self):
        super().setUp()
        self.start_worker("anna")
        self.repository.pipeline("jobs:\n  lint: {run: echo clean}\n  test: {needs: lint, run: exit 3}\n", FOREIGN)
        self.submit()
        self.finished_builds(1)
        self.start_reporter()

    def test_the_document_is_the_one_in_the_repository_and_the_page_is_made_from_it(self):
        served = self.ask("/api/v1/openapi.json")
        self.assertEqual(served.json(), self.document)
        page = subprocess.run([str(ROOT / "script/api-page")], check=True, capture_output=True, text=True).stdout
        self.assertEqual((ROOT / "docs/api.md").read_text(), page, "run script/api-page > docs/api.md")

    def test_each_answer_is_what_the_document_says(self):
        [build] = self.api("/api/v1/builds")["builds"]
        self.assertEqual((build["build"], build["verdict"], build["subject"]), (1, "failed", FOREIGN))
        detail = self.api("/api/v1/builds/{build}", number=1)
        self.assertEqual([job["verdict"] for job in detail["jobs"]], ["passed", "failed"])
        self.assertEqual(detail["jobs"][1]["attempts"][0]["steps"][0]["exit_code"], 3)
        self.assertEqual(detail["timeline"][0]["kind"], "build_submitted")
        queue = self.api("/api/v1/queue")
        self.assertEqual(queue["queue"]["waiting"], 0)
        self.assertEqual([one["worker"] for one in self.api("/api/v1/workers")["workers"]], ["anna"])
        [repository] = self.api("/api/v1/repositories")["repositories"]
        self.assertEqual(repository["repository"], str(self.repository.path))
        self.assertEqual(repository["branches"][0]["last_verdict"]["verdict"], "failed")
        self.assertEqual(self.api("/api/v1/repositories", "?repository=/none")["repositories"], [])

    def test_the_words_are_those_of_the_command_line(self):
        self.assertEqual(self.api("/api/v1/builds")["builds"], self.client_json("builds"))
        self.assertEqual(self.api("/api/v1/builds/{build}", number=1), self.client_json("show", "1"))
        mine, theirs = self.api("/api/v1/workers")["workers"], self.client_json("workers")
        self.assertEqual([set(one) for one in mine], [set(one) for one in theirs])

    def test_lists_are_filtered_and_come_in_pages(self):
        for number in range(4):
            self.repository.commit(f"change {number}")
            self.submit()
        self.finished_builds(5)
        where = "?repository=" + quote(str(self.repository.path), safe="") + "&limit=2"
        seen, cursor = [], ""
        while True:
            page = self.api("/api/v1/builds", where + cursor)
            if not page["builds"]:
                self.assertIsNone(page["next"])
                break
            seen += [build["build"] for build in page["builds"]]
            cursor = "&cursor=" + page["next"]
        self.assertEqual(seen, [5, 4, 3, 2, 1])
        revision = self.client_json("show", "3")["revision"]
        self.assertEqual([one["build"] for one in self.api("/api/v1/builds", "?revision=" + revision[:10])["builds"]], [3])
        self.assertEqual(self.api("/api/v1/builds", "?ref=refs/heads/none")["builds"], [])

    def test_events_are_read_from_the_start_and_from_now_on(self):
        events, cursor = [], "?limit=3&cursor=start"
        while page := self.api("/api/v1/events", cursor):
            if not page["events"]:
                break
            events += page["events"]
            cursor = "?limit=3&cursor=" + page["next"]
        self.assertEqual([one["sequence"] for one in events], list(range(1, len(events) + 1)))
        self.assertEqual((events[0]["kind"], events[-1]["kind"]), ("build_submitted", "build_finished"))
        now = self.api("/api/v1/events")
        self.assertEqual(now["events"], [])
        self.submit("--again")
        self.finished_builds(2)
        later = self.api("/api/v1/events", "?cursor=" + now["next"])["events"]
        self.assertEqual((later[0]["kind"], later[0]["build"]), ("build_submitted", 2))

    def test_a_log_is_read_in_pieces_byte_by_byte_the_same(self):
        self.repository.pipeline("jobs:\n  flood: {run: 'head -c 200000 /dev/urandom | base64; printf \"\\377\\0end\"'}\n")
        self.submit()
        self.finished_builds(2)
        whole, offset, pieces = b"", 0, 0
        while True:
            answer = self.ask(f"/api/v1/jobs/3/log?offset={offset}")
            self.check(answer, "/api/v1/jobs/{job}/log", status=200)
            self.assertEqual(int(answer.headers["X-Seaworthy-Offset"]), offset)
            whole, pieces, offset = whole + answer.body, pieces + 1, int(answer.headers["X-Seaworthy-Next"])
            if answer.headers["X-Seaworthy-Complete"] == "true":
                break
        self.assertEqual(whole, self.client("log", "3").stdout)
        self.assertGreater(pieces, 1)

    def test_what_has_not_changed_is_not_sent_again(self):
        first = self.ask("/api/v1/builds/1")
        self.assertRegex(first.headers["ETag"], '^"[^"]+"$')
        again = self.ask("/api/v1/builds/1", If_None_Match=first.headers["ETag"])
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(self.ask("/api/v1/builds/1", If_None_Match='"other"').status, 200)
        head = self.ask("/api/v1/builds/1", method="HEAD")
        self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(first.body))))

    def test_what_cannot_be_said_is_a_problem_in_json(self):
        for path, template, status in (
                ("/api/v1/builds/99", "/api/v1/builds/{build}", 404),
                ("/api/v1/jobs/99/log", "/api/v1/jobs/{job}/log", 404),
                ("/api/v1/jobs/1/log?attempt=9", "/api/v1/jobs/{job}/log", 404),
                ("/api/v1/builds?limit=x", "/api/v1/builds", 400),
                ("/api/v1/builds?cursor=none", "/api/v1/builds", 400),
                ("/api/v1/builds?repository=%zz", "/api/v1/builds", 400),
                ("/api/v1/nothing", "/api/v1/builds", 404)):
            with self.subTest(path=path):
                answer = self.check(self.ask(path), template, status=status)
                self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
                self.assertEqual(answer.json()["status"], status)

    def test_a_broker_that_is_away_is_a_problem_to_come_back_with_and_a_number(self):
        self.broker.kill()
        answer = self.check(self.ask("/api/v1/queue"), "/api/v1/queue", status=503)
        self.assertIn("Retry-After", answer.headers)
        self.assertIn("seaworthy_broker_up 0\n", self.ask("/metrics").text)

    def test_badges_tray_icons_and_feeds_say_how_it_stands(self):
        repository = quote(str(self.repository.path), safe="")
        badge = self.ask(f"/badges/build.svg?repository={repository}")
        self.assertEqual(badge.headers["Content-Type"], "image/svg+xml")
        self.assertIn("failed", badge.text)
        xml.dom.minidom.parseString(badge.body)
        hostile = self.ask("/badges/build.svg?repository=" + quote(HOSTILE, safe="") + "&ref=" + quote(HOSTILE, safe=""))
        self.assertNotIn("<script", hostile.text)
        tray = xml.dom.minidom.parseString(self.ask("/cc.xml").body)
        [project] = tray.getElementsByTagName("Project")
        self.assertEqual(project.getAttribute("lastBuildStatus"), "Failure")
        self.assertEqual(project.getAttribute("webUrl"), f"http://{self.address}/builds/1")
        feed = self.ask(f"/feeds/builds.atom?repository={repository}")
        self.assertNotIn("<script", feed.text)
        [title] = xml.dom.minidom.parseString(feed.body).getElementsByTagName("entry")[0].getElementsByTagName("title")
        self.assertIn(FOREIGN, title.firstChild.data)
        self.assertIn(f'href="/feeds/builds.atom?repository={quote(str(self.repository.path), safe="")}"', self.page("/"))
        self.assertEqual(self.ask("/badges/build.svg").status, 400)

    def test_metrics_have_what_happened_and_the_dashboard_asks_for_what_is_there(self):
        until(lambda: 'seaworthy_workers{state="idle"} 1\n' in self.ask("/metrics").text, "the worker is idle")
        metrics = self.ask("/metrics")
        self.assertTrue(metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        for line in ("seaworthy_broker_up 1", 'seaworthy_builds_finished_total{verdict="failed"} 1',
                     'seaworthy_jobs_finished_total{verdict="passed"} 1', "seaworthy_jobs_waiting 0",
                     'seaworthy_jobs_ready{labels=""} 0',
                     "seaworthy_attempt_run_seconds_count 2", "seaworthy_job_wait_seconds_count 2"):
            self.assertIn(line + "\n", metrics.text)
        self.assertRegex(metrics.text, r"\nseaworthy_commit_seconds_count [1-9]")
        served = set(re.findall(r"^(seaworthy_\w+)[ {]", metrics.text, re.M))
        dashboard = json.loads((ROOT / "deploy/grafana/seaworthy.json").read_text())
        asked = {name for panel in dashboard["panels"] for target in panel["targets"]
                 for name in re.findall(r"seaworthy_\w+", target["expr"])}
        self.assertGreater(len(asked), 15)
        self.assertEqual(asked - served, set())

    def test_names_from_elsewhere_stay_text_in_every_form(self):
        branch = "refs/heads/x<img src=x onerror=alert(1)>&\"'"
        self.submit("--again", "--ref", branch)
        self.finished_builds(2)
        refs = [one["ref"] for one in self.api("/api/v1/repositories")["repositories"][0]["branches"]]
        self.assertIn(branch, refs)
        for path in ("/", "/builds/2", "/cc.xml", "/feeds/builds.atom?repository=" + quote(str(self.repository.path))):
            self.assertNotIn("<img src=x", self.ask(path).text, path)

    def test_without_a_list_of_tokens_everybody_looks_and_nothing_can_be_changed(self):
        self.assertEqual(self.ask("/api/v1/builds/1/cancel", method="POST").status, 405)
        self.assertEqual(self.ask("/sign-in").status, 404)
        self.assertEqual(self.ask("/builds/1/cancel").status, 404)
        self.assertNotIn("/retry", self.page("/builds/1"))


class Browser:
    """As much of one as a form needs: cookies, and where a request comes from."""

    def __init__(self, case, origin=None):
        self.case, self.cookie, self.origin = case, None, origin or f"http://{case.address}"

    def get(self, path, **fields):
        return self.case.ask(path, **self.with_cookie(fields))

    def post(self, path, fields=None, form=(), **more):
        body = urllib.parse.urlencode(dict(form, **(fields or {})))
        more = {"Origin": self.origin, "Content_Type": "application/x-www-form-urlencoded", **more}
        answer = self.case.ask(path, "POST", body, **{k: v for k, v in self.with_cookie(more).items() if v is not None})
        if "Set-Cookie" in answer.headers:
            jar = http.cookies.SimpleCookie(answer.headers["Set-Cookie"])
            [(name, morsel)] = jar.items()
            self.cookie = f"{name}={morsel.value}" if morsel.value else None
        return answer

    def with_cookie(self, fields):
        return {**fields, "Cookie": self.cookie} if self.cookie else fields

    def sign_in(self, token, to="/"):
        return self.post("/sign-in", {"token": token, "to": to})

    def form_of(self, path):
        page = self.get(path)
        self.case.assertEqual(page.status, 200, page.text)
        return {"form_token": re.search(r'name="form_token" value="([^"]+)"', page.text).group(1)}

    def press(self, path, **fields):
        return self.post(path, fields, self.form_of(path))


class SigningIn(ApiCase):
    def setUp(self):
        super().setUp()
        self.tokens = self.folder / "lists"
        self.tokens.mkdir(mode=0o700)
        self.viewer, self.operator, self.admin = (self.token(role) for role in ("viewer", "operator", "admin"))

    def token(self, role, *arguments):
        return self.run_cli("token", "create", "--role", role, "--dir", self.tokens, *arguments).stdout.decode().strip()

    def start_with_tokens(self, *arguments, **more):
        return self.start_reporter("--tokens", self.tokens / "tokens", *arguments, **more)

    def bearer(self, path, token, method="GET", body=None, **more):
        if body is not None:
            more["Content_Type"] = "application/json"
            body = json.dumps(body)
        return self.ask(path, method, body, Authorization=f"Bearer {token}", **more)

    def running_build(self):
        self.start_worker("anna")
        self.repository.pipeline("jobs:\n  long: {run: sleep 600}\n  later: {needs: long, run: 'true'}\n")
        self.submit()
        until(lambda: self.client_json("show", "1")["state"] == "running", "the build runs")

    def test_tokens_are_made_listed_and_revoked_and_their_file_has_only_digests(self):
        text = (self.tokens / "tokens").read_text()
        self.assertRegex(self.operator, "^swt_[0-9a-f]{64}$")
        self.assertNotIn(self.operator, text)
        self.assertEqual((self.tokens / "tokens").stat().st_mode & 0o777, 0o600)
        listed = json.loads(self.run_cli("token", "list", "--dir", self.tokens, "--json").stdout)
        self.assertEqual([(one["name"], one["role"]) for one in listed],
                         [("viewer", "viewer"), ("operator", "operator"), ("admin", "admin")])
        again = self.run_cli("token", "create", "--role", "viewer", "--dir", self.tokens, check=False)
        self.assertNotEqual(again.returncode, 0)
        self.assertIn(b"--name", again.stderr)
        self.assertNotEqual(self.run_cli("token", "create", "--role", "root", "--dir", self.tokens,
                                         check=False).returncode, 0)
        self.run_cli("token", "revoke", "viewer", "--dir", self.tokens)
        self.assertNotIn("viewer viewer", (self.tokens / "tokens").read_text())

    def test_nothing_is_shown_without_a_sign_in(self):
        self.start_with_tokens()
        for path in ("/api/v1/builds", "/api/v1/openapi.json", "/metrics", "/cc.xml", "/badges/build.svg?repository=x",
                     "/events", "/jobs/1/log.txt", "/jobs/1/log/tail"):
            answer = self.ask(path)
            self.assertEqual(answer.status, 401, path)
            self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))
        for path in ("/", "/queue", "/workers", "/builds/1", "/jobs/1/log", "/nowhere"):
            answer = self.ask(path)
            self.assertEqual((answer.status, answer.headers["Location"]),
                             (303, "/sign-in?to=" + quote(path, safe="")), path)
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.ask(path).status, 200)
        self.assertEqual(self.ask("/sign-in").status, 200)
        self.assertEqual(self.bearer("/api/v1/builds", self.viewer).status, 200)
        self.assertEqual(self.ask("/", Authorization="Basic YTpi").status, 303)

    def test_a_browser_signs_in_looks_and_signs_out(self):
        self.start_with_tokens()
        browser = Browser(self)
        self.assertEqual(browser.sign_in("swt_wrong").status, 403)
        answer = browser.sign_in(self.viewer, "/queue")
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/queue"))
        for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, answer.headers["Set-Cookie"])
        self.assertEqual(browser.get("/queue").status, 200)
        self.assertIn("Signed in as viewer", browser.get("/sign-in").text)
        old = browser.cookie
        self.assertEqual(browser.post("/sign-out", {}, browser.form_of("/sign-in")).status, 303)
        browser.cookie = old
        self.assertEqual(browser.get("/queue").status, 303)

    def test_a_link_from_another_site_leads_to_the_page_for_who_is_signed_in(self):
        self.start_with_tokens()
        answer = self.ask("/builds/1", Sec_Fetch_Site="cross-site")
        self.assertEqual((answer.status, answer.headers["Refresh"]), (200, "0; url=/builds/1"))
        self.assertNotIn("name=\"token\"", answer.text)

    def test_public_read_asks_for_a_sign_in_only_where_something_changes(self):
        self.start_with_tokens("--public-read")
        self.assertEqual(self.ask("/api/v1/builds").status, 200)
        self.assertEqual(self.ask("/").status, 200)
        self.assertEqual(self.ask("/api/v1/builds/1/cancel", "POST").status, 401)
        self.assertEqual(self.ask("/builds/1/cancel").status, 303)
        self.assertEqual(self.ask("/", Host="evil.example").status, 421)

    def test_a_revoked_token_is_out_at_once_and_so_is_its_browser_and_its_open_page(self):
        reporter = self.start_with_tokens()
        browser = Browser(self)
        browser.sign_in(self.viewer)
        events = self.events(headers={"Cookie": browser.cookie})
        self.run_cli("token", "revoke", "viewer", "--dir", self.tokens)
        until(lambda: self.bearer("/api/v1/builds", self.viewer).status == 401, "the token is revoked")
        self.assertEqual(browser.get("/").status, 303)
        self.assertIsNotNone(events.answer.read())  # it ended
        self.assertEqual(self.bearer("/api/v1/builds", self.operator).status, 200)
        until(lambda: "list of tokens has changed" in reporter.output(), "the log says so")

    def test_wrong_tokens_are_counted_and_the_right_one_still_comes_in(self):
        reporter = self.start_with_tokens()
        begun = time.monotonic()
        statuses = [self.bearer("/api/v1/builds", f"swt_{i}").status for i in range(12)]
        self.assertEqual(statuses, [401] * 10 + [429] * 2)
        self.assertEqual(Browser(self).sign_in("swt_no").status, 429)
        self.assertEqual(self.bearer("/api/v1/builds", self.viewer).status, 200)
        self.assertEqual(Browser(self).sign_in(self.viewer).status, 303)
        self.assertLessEqual(reporter.output().count("wrong token"), 2 + (time.monotonic() - begun) / 10)
        self.assertNotIn("swt_", reporter.output())

    def test_the_api_changes_things_by_token_and_role(self):
        self.start_with_tokens()
        self.running_build()
        for token, status in ((self.viewer, 403), ("swt_x", 401)):
            answer = self.bearer("/api/v1/builds/1/cancel", token, "POST")
            self.check(answer, "/api/v1/builds/{build}/cancel", "post", status)
        answer = self.check(self.bearer("/api/v1/builds/1/cancel", self.operator, "POST", {"reason": "wrong\nbranch"}),
                            "/api/v1/builds/{build}/cancel", "post", 200)
        self.assertEqual(answer.json()["cancelled"], 2)
        self.finished_builds(1)
        detail = self.client_json("show", "1")
        self.assertEqual(detail["verdict"], "cancelled")
        self.assertIn("cancelled by operator: wrong branch", json.dumps(detail))
        answer = self.check(self.bearer("/api/v1/builds/1/retry", self.operator, "POST"),
                            "/api/v1/builds/{build}/retry", "post", 201)
        self.assertEqual(answer.json()["build"], 2)
        answer = self.check(self.bearer("/api/v1/jobs/2/retry", self.admin, "POST"),
                            "/api/v1/jobs/{job}/retry", "post", 201)
        self.assertEqual([job["name"] for job in self.client_json("show", str(answer.json()["build"]))["jobs"]], ["later"])
        self.check(self.bearer("/api/v1/jobs/3/cancel", self.operator, "POST"), "/api/v1/jobs/{job}/cancel", "post", 200)
        for path, template in (("/api/v1/builds/99/cancel", "/api/v1/builds/{build}/cancel"),
                               ("/api/v1/builds/99/retry", "/api/v1/builds/{build}/retry")):
            self.check(self.bearer(path, self.operator, "POST"), template, "post", 404)

    def test_a_worker_is_drained_and_a_repository_paused(self):
        self.start_with_tokens()
        self.start_worker("anna")
        self.repository.pipeline("jobs:\n  test: {run: 'true'}\n")
        until(lambda: self.client_json("workers"), "the worker is there")

        def drain(drained):
            return self.check(self.bearer("/api/v1/drain", self.operator, "POST", {"worker": "anna", "drained": drained}),
                              "/api/v1/drain", "post", 200).json()

        def pause(paused):
            return self.check(self.bearer("/api/v1/pause", self.operator, "POST",
                                          {"repository": str(self.repository.path), "paused": paused}),
                              "/api/v1/pause", "post", 200).json()

        self.assertEqual(drain(True), {"worker": "anna", "drained": True})
        self.assertEqual(self.client_json("workers")[0]["state"], "drained")
        self.submit()
        self.assertIn("anna does not because it is drained", self.client_json("status")["waiting"][0]["why_waiting"])
        self.client("drain", "anna", "--undo")
        self.finished_builds(1)
        self.client("pause", self.repository.path)
        self.submit("--again")
        self.assertEqual(self.client_json("status")["paused"], [str(self.repository.path)])
        self.broker.kill()
        self.broker = self.start_broker()
        self.assertIn("paused", self.client_json("status")["waiting"][0]["why_waiting"])
        until(lambda: self.ask("/readyz").status == 200, "the reporter has the broker back")
        self.assertEqual(pause(False)["paused"], False)
        self.finished_builds(2)
        answer = self.bearer("/api/v1/drain", self.operator, "POST", {"worker": "nobody", "drained": True})
        self.check(answer, "/api/v1/drain", "post", 404)

    def test_buttons_work_without_a_script(self):
        self.start_with_tokens()
        self.running_build()
        browser = Browser(self)
        browser.sign_in(self.operator)
        page = browser.get("/builds/1").text
        for link in ('href="/builds/1/cancel"', 'href="/builds/1/retry"', 'href="/jobs/1/cancel"', 'href="/sign-in"'):
            self.assertIn(link, page)
        answer = browser.press("/drain?worker=anna")
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/workers"))
        self.assertIn('href="/drain?worker=anna&amp;undo=1"', browser.get("/workers").text)
        self.assertEqual(browser.press("/drain?worker=anna&undo=1").status, 303)
        pause = "/pause?repository=" + quote(str(self.repository.path), safe="")
        self.assertEqual(browser.press(pause).headers["Location"], "/queue")
        self.assertIn("Paused", browser.get("/queue").text)
        self.assertIn("Paused: its jobs wait", browser.get("/").text)
        self.assertEqual(browser.press(pause + "&undo=1").status, 303)
        answer = browser.press("/builds/1/cancel", reason="<b>no</b>")
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/builds/1"))
        self.finished_builds(1)
        self.assertNotIn("<b>no</b>", browser.get("/builds/1").text)
        self.assertEqual(browser.press("/builds/1/retry").headers["Location"], "/builds/2")

    def test_who_may_change_nothing_sees_no_buttons(self):
        self.start_with_tokens("--public-read")
        self.running_build()
        operator, viewer = Browser(self), Browser(self)
        operator.sign_in(self.operator)
        viewer.sign_in(self.viewer)
        pages = {"/": "/pause?", "/workers": "/drain?", "/builds/1": "/builds/1/cancel", "/jobs/1/log": "/jobs/1/cancel"}
        for path, button in pages.items():
            with self.subTest(path=path):
                self.assertIn(f'href="{button}', operator.get(path).text)
                for page in (viewer.get(path).text, self.page(path)):
                    self.assertNotIn(button, page)
                    self.assertIn('href="/sign-in"', page)

    def test_a_form_that_is_not_ours_changes_nothing(self):
        self.start_with_tokens()
        self.running_build()
        browser = Browser(self)
        browser.sign_in(self.operator)
        path = "/builds/1/cancel"
        form = browser.form_of(path)
        stranger = Browser(self)
        stranger.sign_in(self.operator)
        foreign = stranger.form_of(path)
        for what, answer in (
                ("without a secret", browser.post(path)),
                ("with another's secret", browser.post(path, foreign)),
                ("with the secret twice", browser.post(path + "?form_token=" + form["form_token"])),
                ("from another site", browser.post(path, form, Origin="http://evil.example")),
                ("from a site beside it", browser.post(path, form, Sec_Fetch_Site="same-site")),
                ("from nowhere", browser.post(path, form, Origin=None)),
                ("from a sandbox", browser.post(path, form, Origin="null")),
                ("with a cookie and the API", self.ask("/api/v1" + path, "POST", Cookie=browser.cookie,
                                                       Origin=browser.origin))):
            with self.subTest(what):
                self.assertIn(answer.status, (401, 403), what)
        self.assertEqual(browser.post(path, form, Content_Type="text/plain").status, 415)
        self.assertEqual(browser.get(path + "?form_token=" + form["form_token"]).status, 200)  # only asks
        self.assertEqual(Browser(self, "http://evil.example").sign_in(self.operator).status, 403)
        self.assertEqual(browser.post("/builds/1").status, 405)
        viewer = Browser(self)
        viewer.sign_in(self.viewer)
        self.assertEqual(viewer.get(path).status, 403)
        own = re.search(r'name="form_token" value="([^"]+)"', viewer.get("/sign-in").text).group(1)
        self.assertEqual(viewer.post(path, {"form_token": own}).status, 403)
        self.assertEqual(self.client_json("show", "1")["state"], "running")
        self.assertEqual(browser.post(path, form).status, 303)

    def test_an_admin_sees_who_is_signed_in_and_signs_them_out(self):
        self.start_with_tokens()
        operator, admin = Browser(self), Browser(self)
        operator.sign_in(self.operator)
        admin.sign_in(self.admin)
        self.assertNotIn("Who is signed in", operator.get("/sign-in").text)
        number = re.search(r'name="session" value="(\d+)"', admin.get("/sign-in").text.split("operator")[-1]).group(1)
        form = operator.form_of("/sign-in")
        self.assertEqual(operator.post("/sign-out", {"session": "2"}, form).status, 403)
        self.assertEqual(admin.get("/").status, 200)
        self.assertEqual(admin.post("/sign-out", {"session": number}, admin.form_of("/sign-in")).status, 303)
        self.assertEqual(operator.get("/").status, 303)
        self.assertEqual(admin.get("/").status, 200)

    def test_a_key_that_only_looks_says_which_one_buttons_need(self):
        keys = self.folder / "keys"
        self.run_cli("keygen", "--dir", keys)
        self.broker.kill()
        self.start_broker("--keys", str(keys), state="with-keys")
        self.start_with_tokens("--key", keys / "reporter.key")
        answer = self.bearer("/api/v1/pause", self.operator, "POST", {"repository": "/x", "paused": True})
        self.check(answer, "/api/v1/pause", "post", 403)
        self.assertIn("role client", answer.json()["detail"])

    def test_a_proxy_names_the_user_and_nobody_else_does(self):
        trust = ("--trust-header", "X-Forwarded-User", "--trust-from", "127.0.0.1")
        self.start_with_tokens(*trust)
        self.assertEqual(self.ask("/api/v1/builds", X_Forwarded_User="ida").status, 200)
        self.assertEqual(self.ask("/api/v1/builds").status, 401)
        self.assertEqual(self.ask("/builds/1/cancel", X_Forwarded_User="ida").status, 403)
        self.assertEqual(self.ask("/builds/1/cancel", X_Forwarded_User="operator").status, 200)
        # A page of a site whose name was made to point here could say the field.
        self.assertEqual(self.ask("/", X_Forwarded_User="operator", Host="evil.example").status, 421)
        for smuggled in ("X-Forwarded-User: operator\r\nX-Forwarded-User: ida\r\n",
                         "X-Forwarded-User : operator\r\n", "X_Forwarded_User: operator\r\n"):
            answer = self.raw(f"GET /api/v1/builds HTTP/1.1\r\nHost: localhost\r\n{smuggled}Connection: close\r\n\r\n"
                              .encode())
            self.assertRegex(answer, r"^HTTP/1\.1 (400|401) ", smuggled)

    def test_a_proxy_that_is_not_named_is_not_believed(self):
        self.start_with_tokens("--trust-header", "X-Forwarded-User", "--trust-from", "127.0.0.2")
        self.assertEqual(self.ask("/api/v1/builds", X_Forwarded_User="operator").status, 401)

    def test_behind_tls_cookies_are_for_tls_only(self):
        self.start_with_tokens("--behind-tls")
        answer = Browser(self).sign_in(self.viewer)
        self.assertRegex(answer.headers["Set-Cookie"], "^__Host-seaworthy=.*; Secure$")
        feed = self.bearer("/feeds/builds.atom?repository=x", self.viewer)
        self.assertIn(f"https://{self.address}/", feed.text)

    def test_options_that_make_no_sense_are_refused_with_what_to_do(self):
        for arguments, words in ((("--public-read",), "--tokens"), (("--trust-header", "X-User"), "--trust-from"),
                                 (("--tokens", self.folder / "none"), "seaworthy token create"),
                                 (("--listen", "0.0.0.0:0"), "--tokens"),
                                 (("--listen", "0.0.0.0:0", "--tokens", self.tokens / "tokens", "--public-read"),
                                  "--public")):
            result = subprocess.run([os.environ["SEAWORTHY_BIN"] + "/seaworthy-reporter", "--broker",
                                     self.broker_address, *map(str, arguments)], capture_output=True, text=True,
                                    timeout=DEADLINE)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(words, result.stderr)

    def test_bodies_and_heads_are_bounded(self):
        self.start_with_tokens()
        browser = Browser(self)
        self.assertEqual(browser.post("/sign-in", {"token": "x" * 20000}).status, 413)
        self.assertEqual(browser.post("/sign-in?to=" + "x" * 20000).status, 431)
        deep = self.ask("/api/v1/drain", "POST", "[" * 10000, Authorization=f"Bearer {self.operator}",
                        Content_Type="application/json")
        self.assertEqual(deep.status, 400)
        both = self.raw(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(both.startswith("HTTP/1.1 400"), both[:80])

    def test_signing_in_does_not_lead_elsewhere(self):
        self.start_with_tokens()
        for to in ("//evil.example/", "http://evil.example/", "/\\evil.example", "/x\r\nSet-Cookie: a=b"):
            self.assertEqual(Browser(self).sign_in(self.viewer, to).headers["Location"], "/", to)
            self.assertNotIn("evil", self.ask("/sign-in?to=" + quote(to, safe="")).text)


if __name__ == "__main__":
    unittest.main()
