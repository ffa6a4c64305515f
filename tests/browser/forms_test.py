#!/usr/bin/python3
"""The reporter's forms in a real Chromium: people sign in, press buttons, and see what came of it.

Needs Debian's chromium, chromium-driver and python3-selenium (script/setup --browser); without them it says so and is
skipped.
"""

import unittest

from browser_case import IS_THERE, Browser, By, main, until


@unittest.skipUnless(IS_THERE, "no Chromium")
class Forms(Browser):
    def setUp(self):
        super().setUp()
        keys = self.folder / "keys"
        self.tokens = {role: self.run_cli("token", "create", "--role", role, "--dir", keys).stdout.decode().strip()
                       for role in ("viewer", "operator")}
        self.start_reporter("--tokens", keys / "tokens")
        self.browser.delete_all_cookies()
        self.go = self.folder / "go"
        self.harbour.pipeline(f"jobs:\n  pump: {{run: 'while [ ! -e {self.go} ]; do sleep 0.05; done'}}\n",
                              "Pump the dry dock empty")

    def sign_in(self, token, path="/"):
        self.visit(path)
        self.browser.find_element(By.NAME, "token").send_keys(token)
        self.press_button("Sign in")

    def press_button(self, words):
        self.browser.find_element(By.XPATH, f"//main//button[normalize-space()='{words}']").click()

    def links(self, words):
        return self.browser.find_elements(By.XPATH, f"//main//a[normalize-space()='{words}']")

    def is_at(self, path):
        until(lambda: self.browser.current_url == f"http://{self.address}{path}", f"the page {path}")

    def running_build(self):
        self.submit(self.harbour, "--ref", "refs/heads/main")
        until(lambda: self.client_json("show", "1")["state"] == "running", "the build runs")

    def test_a_running_build_is_cancelled_with_a_reason_and_tried_again(self):
        self.running_build()
        self.sign_in(self.tokens["operator"], "/builds/1")
        self.is_at("/builds/1")
        self.shows("Pump the dry dock empty", "running")
        self.follow("Cancel…")
        self.browser.find_element(By.NAME, "reason").send_keys("the <b>tide</b> is low")
        self.press_button("Cancel build 1")
        self.is_at("/builds/1")
        self.shows("cancelled by operator: the <b>tide</b> is low")
        until(lambda: not self.links("Cancel…"), "what is done is not cancelled")
        self.go.touch()
        self.follow("Retry…")
        self.press_button("Retry build 1")
        self.is_at("/builds/2")
        until(lambda: self.browser.title.startswith("Build 2 passed"), "the build made of it passed")
        self.assertEqual(self.complaints(), [])

    def test_a_job_is_cancelled_and_tried_again_where_its_log_is_read(self):
        self.running_build()
        self.sign_in(self.tokens["operator"], "/jobs/1/log")
        self.is_at("/jobs/1/log")
        self.follow("Cancel…")
        self.press_button("Cancel job 1")
        self.is_at("/builds/1")
        self.shows("cancelled by operator")
        self.finished_builds(1)
        self.go.touch()
        self.visit("/jobs/1/log")
        self.assertEqual(self.links("Cancel…"), [])
        self.follow("Retry…")
        self.press_button("Retry job 1")
        self.is_at("/builds/2")
        until(lambda: self.browser.title.startswith("Build 2 passed"), "the build made of it passed")

    def test_a_worker_is_drained_and_a_repository_paused_until_that_is_undone(self):
        self.sign_in(self.tokens["operator"], "/workers")
        self.follow("Drain…")
        self.press_button("Drain buildhost-1")
        self.is_at("/workers")
        self.shows("drained")
        self.running_build_waits()
        self.visit("/workers")
        self.follow("Undo drain…")
        self.press_button("Give jobs again to buildhost-1")
        until(lambda: self.client_json("show", "1")["state"] == "running", "it is given the job")
        self.go.touch()
        self.finished_builds(1)
        self.visit("/")
        self.follow("Pause…")
        self.press_button(f"Pause {self.harbour.path}")
        self.is_at("/queue")
        self.shows("Paused", str(self.harbour.path))
        self.follow("Go on…")
        self.press_button(f"Go on with {self.harbour.path}")
        self.is_at("/queue")
        until(lambda: not self.links("Go on…"), "nothing is paused")

    def running_build_waits(self):
        self.submit(self.harbour, "--ref", "refs/heads/main")
        self.visit("/queue")
        self.shows("pump")
        self.assertEqual(self.client_json("show", "1")["state"], "queued")

    def test_a_viewer_sees_no_buttons_and_is_told_who_may_press_them(self):
        self.running_build()
        self.sign_in(self.tokens["viewer"], "/builds/1")
        self.is_at("/builds/1")
        for path in ("/", "/queue", "/workers", "/builds/1", "/jobs/1/log"):
            self.visit(path)
            for words in ("Cancel…", "Retry…", "Drain…", "Pause…"):
                self.assertEqual(self.links(words), [], (path, words))
        self.visit("/builds/1/cancel")
        self.shows("Not allowed", "This needs the role operator; viewer has the role viewer.")

    def test_a_wrong_token_says_what_to_do_and_who_signs_out_is_out(self):
        self.sign_in("swt_" + "0" * 64, "/workers")
        self.shows("This token is none that is let in", "ask for another one")
        self.browser.find_element(By.NAME, "token").send_keys(self.tokens["operator"])
        self.press_button("Sign in")
        self.is_at("/workers")
        self.shows("buildhost-1")
        self.visit("/sign-in")
        self.shows("Signed in as operator")
        self.press_button("Sign out")
        self.is_at("/sign-in")
        self.visit("/workers")
        self.is_at("/sign-in?to=%2Fworkers")


if __name__ == "__main__":
    main()
