#!/usr/bin/python3
"""The watcher's door for web hooks: the real program and real repositories; forges are played as their documents say."""

import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import time
import unittest
import urllib.parse

import watcher_test

SECRET = "a secret that is long enough"


def signature(body, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class WebhooksTest(watcher_test.WatcherTest):
    """Not its cases: its ways to begin."""

    def setUp(self):
        super().setUp()
        self.secret_file = self.directory / "secret"
        self.secret_file.write_text(f"an older secret, as good\n{SECRET}\n")
        self.secret_file.chmod(0o600)
        self.repository.commit("first")

    def watch_with_door(self, *more):
        """One that would not look again by itself."""
        watcher = self.watch(self.repository.url, "--webhooks", "127.0.0.1:0", "--webhook-secret", self.secret_file,
                             *more, every="1h")
        watcher.wait_for_log("web hooks are taken at http://")
        self.port = int(re.findall(r"http://127\.0\.0\.1:(\d+)/hooks/", watcher.log())[-1])
        self.wait_for_head(self.repository.git("rev-parse", "main"))
        return watcher

    def wait_for_head(self, revision):
        super().wait_for_head(revision, repository=self.repository.url)

    def post(self, path, body, fields, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=watcher_test.DEADLINE)
        self.addCleanup(connection.close)
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def body(self, **more):
        return json.dumps({"repository": {"clone_url": self.repository.url}, **more}).encode()

    def github(self, body, secret=SECRET, **fields):
        return self.post("/hooks/github", body, {"Content-Type": "application/json", "X-GitHub-Event": "push",
                                                 "X-Hub-Signature-256": "sha256=" + signature(body, secret), **fields})

    def test_a_hook_of_each_forge_has_a_commit_submitted_at_once(self):
        self.watch_with_door()
        new = self.repository.commit("by github")
        self.assertEqual(self.github(self.body(after=new))[0], 202)
        self.wait_for_head(new)
        new = self.repository.commit("by github, as a form")
        form = urllib.parse.urlencode({"payload": self.body(after=new).decode()}).encode()
        self.assertEqual(self.post("/hooks/github", form, {"Content-Type": "application/x-www-form-urlencoded",
                                                           "X-Hub-Signature-256": "sha256=" + signature(form)})[0], 202)
        self.wait_for_head(new)
        new = self.repository.commit("by gitea")
        body = self.body(after=new)
        self.assertEqual(self.post("/hooks/gitea", body, {"X-Gitea-Signature": signature(body)})[0], 202)
        self.wait_for_head(new)
        new = self.repository.commit("by gitlab")
        body = json.dumps({"after": new, "project": {"git_http_url": self.repository.url}}).encode()
        self.assertEqual(self.post("/hooks/gitlab", body, {"X-Gitlab-Token": SECRET})[0], 202)
        self.wait_for_head(new)
        new = self.repository.commit("by somebody's script")
        body, now = json.dumps({"repository": self.repository.url}).encode(), str(int(time.time()))
        signed = "sha256=" + signature(now.encode() + b"." + body)
        answer = self.post("/hooks/generic", body, {"X-Seaworthy-Timestamp": now, "X-Seaworthy-Signature": signed})
        self.assertEqual(answer[0], 202)
        self.wait_for_head(new)

    def test_what_is_not_signed_by_us_is_refused_and_nothing_is_looked_at(self):
        watcher = self.watch_with_door()
        submits = len(self.broker.submits)
        self.repository.commit("not to be seen")
        body = self.body()
        for path, fields in [("/hooks/github", {}), ("/hooks/github", {"X-Hub-Signature-256": "sha256=" + "0" * 64}),
                             ("/hooks/github", {"X-Hub-Signature-256": "sha256=" + signature(body, "not the secret")}),
                             ("/hooks/github", {"X-Hub-Signature-256": "sha256=" + signature(body + b" ")}),
                             ("/hooks/gitea", {"X-Hub-Signature-256": "sha256=" + signature(body)}),
                             ("/hooks/gitlab", {"X-Gitlab-Token": SECRET[:-1]}), ("/hooks/gitlab", {}),
                             ("/hooks/generic", {"X-Seaworthy-Signature": "sha256=" + signature(body)})]:
            with self.subTest(path=path, fields=fields):
                status, words = self.post(path, body, fields)
                self.assertEqual(status, 401)
                self.assertNotIn(SECRET, words)
        self.assertEqual(self.post("/hooks/github", b"", {}, method="GET")[0], 405)
        self.assertEqual(self.post("/hooks/other", body, {})[0], 404)
        watcher.wait_for_log("refused 1 web hook(s), the last one from 127.0.0.1")
        self.assertNotIn(SECRET, watcher.log())
        self.assertEqual(len(self.broker.submits), submits)

    def test_a_delivery_that_comes_again_does_nothing_also_after_a_restart(self):
        watcher = self.watch_with_door()
        body = self.body(after="x")
        self.assertEqual(self.github(body)[0], 202)
        self.assertIn("taken before", self.github(body)[1])
        watcher.kill()
        self.watch_with_door()
        self.assertIn("taken before", self.github(body, **{"X-GitHub-Delivery": "another"})[1])
        self.assertEqual(self.github(self.body(after="y"))[0], 202)

    def test_a_delivery_that_was_answered_is_not_lost_with_the_watcher(self):
        watcher = self.watch_with_door()
        for number in range(5):
            new = self.repository.commit(f"commit {number}")
            self.assertEqual(self.github(self.body(after=new))[0], 202)
            watcher.kill()
            watcher = self.watch_with_door()
            self.wait_for_head(new)

    def test_a_greeting_and_another_repository_are_answered_and_bad_bodies_too(self):
        watcher = self.watch_with_door()
        self.assertEqual(self.github(b'{"zen": "Keep it logically awesome."}')[0], 200)
        self.assertEqual(self.github(b'{"repository": {"clone_url": "https://example.org/a/b.git"}}')[0], 404)
        watcher.wait_for_log("a web hook of github is about https://example.org/a/b.git, which is not watched here")
        for body in (b"", b"hello", b"[" * 100000, b'{"repository": "\xff"}'):
            self.assertEqual(self.github(body)[0], 400)

    def test_long_bodies_slow_peers_and_other_protocols_do_not_keep_hooks_out(self):
        self.watch_with_door()
        self.assertEqual(self.github(b'{"x": "' + b"y" * (9 << 20) + b'"}')[0], 413)
        for first in (b"", b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", b"\x16\x03\x01" * 99):
            silent = socket.create_connection(("127.0.0.1", self.port))
            self.addCleanup(silent.close)
            silent.sendall(first)
        new = self.repository.commit("seen all the same")
        body = self.body(after=new, filler="y" * (5 << 20))
        self.assertEqual(self.github(body, Expect="100-continue")[0], 202)
        self.wait_for_head(new)
        chunks = [self.body(after="chunked")[i:i + 7] for i in range(0, len(self.body(after="chunked")), 7)]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=watcher_test.DEADLINE)
        self.addCleanup(connection.close)
        connection.request("POST", "/hooks/github", iter(chunks), encode_chunked=True, headers={
            "Transfer-Encoding": "chunked", "X-Hub-Signature-256": "sha256=" + signature(b"".join(chunks))})
        self.assertEqual(connection.getresponse().status, 202)

    def test_without_a_good_secret_it_does_not_start(self):
        def words(*arguments):
            watcher = self.watch(self.repository, *arguments)
            self.assertEqual(watcher.process.wait(timeout=watcher_test.DEADLINE), 2)
            watcher._reader.join()
            return watcher.log()
        self.assertIn("--webhook-secret FILE names a file", words("--webhooks", "127.0.0.1:0"))
        door = ("--webhooks", "127.0.0.1:0", "--webhook-secret", self.secret_file)
        self.assertIn("takes ADDRESS:PORT", words("--webhooks", "nowhere", *door[2:]))
        self.secret_file.chmod(0o644)
        self.assertIn("chmod 600", words(*door))
        self.secret_file.chmod(0o600)
        self.secret_file.write_text("short\n")
        self.assertIn("shorter than 16", words(*door))
        self.secret_file.write_text("\n")
        self.assertIn("has no line", words(*door))
        os.remove(self.secret_file)
        self.assertIn("No such file", words(*door))


# The cases of the class that lends its ways are run where they stand.
for name in [name for name in dir(watcher_test.WatcherTest) if name.startswith("test_")]:
    setattr(WebhooksTest, name, None)

if __name__ == "__main__":
    unittest.main()
