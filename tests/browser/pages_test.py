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
        self.js("document.querySelector('main a[href=\"/workers\"]').focus()")  # at once: the page may change any moment
        go = self.folder / "go"
        self.harbour.pipeline(f"run: |\n  while [ ! -e {go} ]; do sleep 0.05; done\n", "Pump the dry dock empty")
        self.submit(self.harbour, "--ref", "refs/heads/dry-dock")
        self.shows("dry-dock", "Pump the dry dock empty", "1 running", "1 busy")
        self.screenshot("home")
        workers = f"http://{self.address}/workers"
        until(lambda: self.js("document.activeElement.href") == workers, "what had the focus has it")
        go.touch()
        self.shows("0 running", "1 idle")
        said = self.browser.find_element(By.ID, "said")
        until(lambda: "1 idle" in said.get_attribute("textContent"), "it is said to who hears the page")
        row = "[...document.querySelectorAll('li')].find(item => item.textContent.includes('dry-dock'))"
        until(lambda: "passed" in self.js(f"{row}?.textContent ?? ''"), "its verdict")
        link = f"document.querySelector(\"a[aria-label='build {builds + 1}: passed']\")?.href"
        until(lambda: self.js(link) == f"http://{self.address}/builds/{builds + 1}", "a link to the build")
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
        self.shows("Timeline")
        self.browser.find_element(By.LINK_TEXT, "unit").click()
        until(lambda: "Running 24 tests" in self.visible(), "the log")

    def test_everything_is_reached_by_the_keyboard_and_seen_when_it_is(self):
        self.some_history()
        self.start_reporter()
        self.is_known()
        self.visit("/")
        reached = []
        for _ in range(16):
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
            element = self.browser.switch_to.active_element
            reached.append(element.get_attribute("href"))
            self.assertNotEqual(element.value_of_css_property("outline-style"), "none", element.text)
        base = f"http://{self.address}"
        self.assertEqual(reached[:5], [f"{base}/#main", f"{base}/", f"{base}/", f"{base}/queue", f"{base}/workers"])
        self.assertTrue(any(f"{base}/builds/" in (link or "") for link in reached), reached)
        self.browser.find_element(By.CSS_SELECTOR, ".skip").send_keys(Keys.ENTER)
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "main")
        headings = "return [...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]))"
        for path in ("/", "/queue", "/workers", "/builds/3", "/jobs/8/log"):
            self.visit(path)
            levels = self.browser.execute_script(headings)
            self.assertEqual(levels.count(1), 1, path)
            self.assertTrue(all(after - before <= 1 for before, after in zip(levels, levels[1:])), (path, levels))

    def test_changes_without_end_do_not_keep_a_page_from_looking(self):
        self.start_reporter()
        self.visit("/queue")
        until(lambda: self.browser.find_element(By.ID, "live").text == "live", "the page is live")
        self.browser.execute_script("setInterval(() => document.dispatchEvent(new Event('look-again')), 20)")
        looks = "performance.getEntriesByType('resource').filter(one => one.name.endsWith('/queue')).length"
        until(lambda: self.js(looks) >= 2, "it looks again and again")

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

    def test_colours_are_the_systems_until_somebody_chooses(self):
        self.start_reporter()
        self.visit("/")
        ground = lambda: self.browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
        light = ground()
        self.press("t")
        self.assertEqual(self.js("document.documentElement.dataset.theme"), "light")
        self.press("t")
        self.assertNotEqual(ground(), light)
        dark = ground()
        self.visit("/queue")
        self.assertEqual(ground(), dark)
        self.click("#theme")
        self.assertEqual(ground(), light)
        self.look(1200, 800, "dark")
        self.assertEqual(ground(), dark)
        self.assertEqual(self.complaints(), [])

    def test_keys_are_listed_by_one(self):
        self.start_reporter()
        self.visit("/")
        self.press("?")
        help_ = self.browser.find_element(By.ID, "help")
        until(help_.is_displayed, "the list of keys")
        self.assertIn("the queue", help_.text)
        self.press(Keys.ESCAPE)
        until(lambda: not help_.is_displayed(), "it is closed")
        self.press("q")
        until(lambda: self.browser.current_url.endswith("/queue"), "the queue")

    def test_what_runs_says_when_it_will_end_and_its_build_shows_what_needs_what(self):
        for count in range(1, 4):
            self.harbour.pipeline("jobs:\n  lint: {run: 'true'}\n  test: {needs: lint, run: 'sleep 0.2'}\n"
                                  "  docs: {needs: lint, run: 'true'}\n  ship: {needs: [test, docs], run: 'true'}\n",
                                  f"Load the ship, part {count}")
            self.submit(self.harbour, "--ref", "refs/heads/main")
            self.finished_builds(count)
        go = self.folder / "go"
        self.harbour.pipeline("jobs:\n  lint: {run: 'true'}\n"
                              f"  test: {{needs: lint, run: 'while [ ! -e {go} ]; do sleep 0.05; done'}}\n"
                              "  docs: {needs: lint, run: 'true'}\n  ship: {needs: [test, docs], run: exit 1}\n", "Cast off")
        self.start_reporter()
        self.visit("/")
        self.submit(self.harbour, "--ref", "refs/heads/main")
        until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "progress"), "a bar that says how far it is")
        self.visit("/builds/4")
        boxes = "[...document.querySelectorAll('.graph .box')].map(box => Number(box.getAttribute('x')))"
        self.assertEqual(sorted(self.js(boxes)), [4, 238, 238, 472])
        self.screenshot("build-graph")
        go.touch()
        self.shows("failed")
        until(lambda: self.js("document.querySelectorAll('.graph .box.failed').length") == 1, "the picture changes, too")
        self.visit("/")
        self.shows("Failing", "failing since", "Ada")
        self.js("document.querySelector('main a[href^=\"/repositories/\"]').click()")
        until(lambda: "/repositories/" in self.browser.current_url, "the repository")
        self.shows("Cast off", "of these passed")
        until(lambda: self.js("document.querySelectorAll('.history .bar').length") == 4, "a bar for each build")
        self.screenshot("repository")
        for width, scheme in ((360, "light"), (360, "dark"), (1200, "dark")):
            self.look(width, 780, scheme)
            self.assertLessEqual(self.js("document.documentElement.scrollWidth"), width)
            self.screenshot(f"repository-{width}-{scheme}")
        self.look(1600, 900, "dark")
        self.visit("/?wall")
        self.assertFalse(self.browser.find_element(By.TAG_NAME, "header").is_displayed())
        self.shows("harbour", "Cast off")
        self.screenshot("wall")
        self.assertEqual(self.complaints(), [])

    def test_who_hears_a_page_is_told_names_and_roles(self):
        self.some_history()
        self.start_reporter()
        self.is_known()
        for path in ("/", "/queue", "/workers", "/builds/3", "/jobs/8/log", "/?wall"):
            self.visit(path)
            nodes = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
            roles = {}
            for node in nodes:
                if not node.get("ignored"):
                    name = node.get("name", {}).get("value", "")
                    roles.setdefault(node["role"]["value"], []).append(name)
            with self.subTest(path=path):
                self.assertEqual(len(roles["main"]), 1)
                self.assertEqual(len(roles["heading"][:1]), 1)
                for role in ("link", "button", "checkbox", "searchbox", "progressbar", "dialog"):
                    self.assertNotIn("", [name.strip() for name in roles.get(role, [])], role)
                if path == "/jobs/8/log":
                    self.assertIn("Output", roles["log"])
                    self.assertIn("Search in the output", roles["searchbox"])
                if path != "/?wall":
                    self.assertIn("Pages", roles["navigation"])
                    self.assertEqual(len(roles["banner"]), 1)

    def test_names_that_others_chose_are_text_everywhere(self):
        name = "<img src=x onerror=document.title='broken'>"
        self.harbour.pipeline(f"jobs:\n  \"{name}\":\n    steps: [{{name: \"{name}\", run: 'echo \"{name}\"; exit 1'}}]\n",
                              f"{name} \u202e subject")
        self.submit(self.harbour, "--ref", "refs/heads/main")
        self.finished_builds(1)
        self.start_reporter()
        links = [link for link in self.repository_links()] + ["/", "/?wall", "/builds/1", "/jobs/1/log", "/jobs/1/log?q=img"]
        for path in links:
            self.visit(path)
            self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "main img"), [], path)
            self.assertNotIn("broken", self.browser.title)
            self.assertEqual(self.complaints(), [], path)

    def repository_links(self):
        self.visit("/")
        return self.js("[...document.querySelectorAll('main a[href^=\"/repositories/\"]')].map("
                       "link => link.getAttribute('href'))")


if __name__ == "__main__":
    main()
