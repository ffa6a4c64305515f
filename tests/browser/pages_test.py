#!/usr/bin/python3
"""The reporter's pages in a real Chromium: what people see, and that it is true while they look.

Needs Debian's chromium, chromium-driver and python3-selenium (script/setup --browser); without them it says so and is
skipped.
"""

import unittest

from browser_case import FAILS, IS_THERE, Browser, By, Keys, Repository, main, until


@unittest.skipUnless(IS_THERE, "no Chromium")
class Pages(Browser):
    def test_home_changes_while_it_is_open_and_keeps_what_has_the_focus(self):
        builds = self.some_history()
        self.start_reporter()
        self.visit("/")
        self.shows("Count ships by their hulls", "tide-tables", "failed", "gpu=h200")
        until(lambda: self.browser.find_element(By.ID, "live").text == "live", "the page is live")
        workers = self.browser.find_element(By.CSS_SELECTOR, "main a[href='/workers']")
        self.browser.execute_script("arguments[0].focus()", workers)
        go = self.folder / "go"
        self.harbour.pipeline(f"run: |\n  while [ ! -e {go} ]; do sleep 0.05; done\n", "Pump the dry dock empty")
        self.submit(self.harbour, "--ref", "refs/heads/dry-dock")
        self.shows("dry-dock", "Pump the dry dock empty", "1 running", "1 busy")
        self.screenshot("home")
        focused = self.browser.switch_to.active_element
        self.assertEqual(focused.get_attribute("href"), f"http://{self.address}/workers")
        go.touch()
        self.shows("0 running", "1 idle")
        said = self.browser.find_element(By.ID, "said")
        until(lambda: "1 idle" in said.get_attribute("textContent"), "it is said to who hears the page")
        row = self.browser.find_element(By.XPATH, "//li[contains(., 'dry-dock')]")
        self.assertIn("passed", row.text)
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, f"a[aria-label='build {builds + 1}: passed']")[0]
                         .get_attribute("href"), f"http://{self.address}/builds/{builds + 1}")
        self.assertEqual(self.complaints(), [])

    def test_pages_fit_a_phone_and_are_dark_for_who_likes_it_dark(self):
        self.some_history()
        self.start_reporter()
        grounds = set()
        for scheme in ("light", "dark"):
            for path in ("/", "/queue", "/workers", "/builds/3", "/jobs/8/log"):
                for width in (360, 1200):
                    self.look(width, 780, scheme)
                    self.visit(path)
                    with self.subTest(path=path, width=width, scheme=scheme):
                        scrolls = "return document.documentElement.scrollWidth"
                        self.assertLessEqual(self.browser.execute_script(scrolls), width)
                    name = {"/": "home"}.get(path, path.strip("/").replace("/", "-"))
                    if name != "home" or width == 360 or scheme == "dark":
                        self.screenshot(f"{name}-{width}-{scheme}")
            body = self.browser.find_element(By.TAG_NAME, "body")
            grounds.add(body.value_of_css_property("background-color"))
        self.assertEqual(len(grounds), 2)
        self.assertEqual(self.complaints(), [])

    def test_without_scripts_pages_are_whole(self):
        self.some_history()
        self.start_reporter()
        self.look(1200, 800, script=False)
        self.visit("/")
        self.assertIn("Count ships by their hulls", self.visible())
        self.browser.find_element(By.LINK_TEXT, "Count ships by their hulls").click()
        until(lambda: self.browser.current_url.endswith("/builds/4"), "the build's page")
        self.assertIn("Timeline", self.visible())
        self.browser.find_element(By.LINK_TEXT, "unit").click()
        until(lambda: "Running 24 tests" in self.visible(), "the log")

    def test_everything_is_reached_by_the_keyboard_and_seen_when_it_is(self):
        self.some_history()
        self.start_reporter()
        self.visit("/")
        reached = []
        for _ in range(12):
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
            element = self.browser.switch_to.active_element
            reached.append(element.get_attribute("href"))
            self.assertNotEqual(element.value_of_css_property("outline-style"), "none", element.text)
        base = f"http://{self.address}"
        self.assertEqual(reached[:5], [f"{base}/#main", f"{base}/", f"{base}/", f"{base}/queue", f"{base}/workers"])
        self.assertIn(f"{base}/builds/4", reached)
        self.browser.find_element(By.CSS_SELECTOR, ".skip").send_keys(Keys.ENTER)
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "main")
        headings = "return [...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]))"
        for path in ("/", "/queue", "/workers", "/builds/3", "/jobs/8/log"):
            self.visit(path)
            levels = self.browser.execute_script(headings)
            self.assertEqual(levels.count(1), 1, path)
            self.assertTrue(all(after - before <= 1 for before, after in zip(levels, levels[1:])), (path, levels))

    def test_an_open_page_says_that_the_broker_is_away_and_heals(self):
        [broker] = [program for program in self.programs if "broker" in str(program.log)]
        self.start_reporter()
        self.visit("/")
        state = self.browser.find_element(By.ID, "live")
        until(lambda: state.text == "live", "the page is live")
        broker.kill()
        until(lambda: "does not answer" in state.text, "the page says so")
        self.assertIn("No repositories yet", self.visible())
        self.screenshot("away")
        self.start_broker()
        until(lambda: state.text == "live", "the page is live again")



if __name__ == "__main__":
    main()
