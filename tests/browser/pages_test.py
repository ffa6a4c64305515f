#!/usr/bin/python3
"""The reporter's pages in a real Chromium: what people see, and that it is true while they look.

Needs Debian's chromium, chromium-driver and python3-selenium (script/setup --browser); without them it says so and is
skipped. Screenshots go to the folder that SEAWORTHY_SCREENSHOTS names, if any.
"""

import os
import pathlib
import shutil
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "reporter"))
sys.path.insert(0, str(HERE.parent / "system"))

from programs import Repository, until  # noqa: E402
from reporter_test import ReporterCase  # noqa: E402

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
IS_THERE = bool(webdriver and CHROMIUM and DRIVER)

PIPELINE = r"""jobs:
  lint:
    run: |
      printf '\033[32mall 42 files are clean\033[0m\n'
  unit:
    needs: lint
    steps:
      - name: build
        run: |
          for i in $(seq 1 12); do printf '\033[36m[%d/12]\033[0m Building CXX object crane_%d.cc.o\n' $i $i; done
          printf '\033[38;5;208mwarning:\033[0m unused rope in \033[1mcapstan.cc\033[0m:42\n'
      - name: unit tests
        run: |
          printf '\033[1mRunning 24 tests\033[0m\n'
          for i in $(seq 1 24); do printf 'test_%02d_crane_lifts \033[32mok\033[0m\n' $i; done
          LAST
  docs:
    needs: lint
    run: |
      echo 'docs are built: 61 pages'
"""
FAILS = r"printf '\033[31mAssertionError: 3 ships, expected 4\033[0m\n'; exit 1"


@unittest.skipUnless(IS_THERE, "no Chromium")
class Browser(ReporterCase):
    @classmethod
    def setUpClass(cls):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.chrome.service.Service(DRIVER)
        cls.browser = webdriver.Chrome(options=options, service=service)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        super().setUp()
        self.browser.get("about:blank")
        self.browser.get_log("browser")  # what pages of the test before said
        self.look(1200, 800)
        self.start_broker()
        self.start_worker("buildhost-1")
        self.harbour = Repository(self.folder / "harbour")

    def look(self, width, height, scheme="light", script=True):
        """As whom: the size of the window, the colours that its owner prefers, and whether scripts run."""
        tell = self.browser.execute_cdp_cmd
        tell("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1,
                                                    "mobile": width < 500})
        tell("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        tell("Emulation.setScriptExecutionDisabled", {"value": not script})

    def visit(self, path):
        self.browser.get(f"http://{self.address}{path}")

    def visible(self):
        return self.browser.find_element(By.TAG_NAME, "main").text

    def shows(self, *words):
        for word in words:
            until(lambda word=word: word in self.visible(), f"{word!r} on the page")

    def screenshot(self, name):
        folder = os.environ.get("SEAWORTHY_SCREENSHOTS")
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(f"{folder}/{name}.png")

    def complaints(self):
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]

    def submit(self, repository, *arguments):
        self.client("submit", repository.path, "--mirrors", self.folder / "mirrors", *arguments)

    def some_history(self):
        count = 0
        for subject, last in (("Give the crane a counterweight", "true"), ("Moor ships of any length", "true"),
                              ("Count ships by their masts", FAILS), ("Count ships by their hulls", "true")):
            self.harbour.pipeline(PIPELINE.replace("LAST", last), subject)
            self.submit(self.harbour, "--ref", "refs/heads/main")
            count += 1
            self.finished_builds(count)
        self.harbour.pipeline(PIPELINE.replace("LAST", FAILS), "Neap tides, too")
        self.submit(self.harbour, "--ref", "refs/heads/tide-tables")
        self.finished_builds(count + 1)
        lighthouse = Repository(self.folder / "lighthouse")
        lighthouse.pipeline("jobs:\n  lens: {runs-on: [gpu=h200], run: 'true'}\n", "Grind the lens on a GPU")
        self.submit(lighthouse, "--ref", "refs/heads/main")
        return count + 2

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

    def test_a_log_grows_at_its_end_until_its_reader_scrolls_up(self):
        pace = self.folder / "pace"
        pace.mkdir()
        self.harbour.pipeline("run: |\n  printf '\\033[31mred\\033[0m <b>not bold</b>\\n'\n  for n in 1 2 3; do\n"
                              f"    while [ ! -e {pace}/$n ]; do sleep 0.05; done\n"
                              "    seq -f \"part $n line %g\" 1 100\n  done\n")
        self.submit(self.harbour)
        self.start_reporter()
        until(lambda: 'class="f1"' in self.get("/jobs/1/log")[2], "the first line")
        self.visit("/jobs/1/log")
        red = self.browser.find_element(By.CSS_SELECTOR, "#log .f1")
        self.assertEqual(red.text, "red")
        at_end = "return innerHeight + scrollY >= document.documentElement.scrollHeight - 80"
        (pace / "1").touch()
        self.shows("part 1 line 100")
        until(lambda: self.browser.execute_script(at_end), "the page is at its end")
        self.browser.execute_script("scrollTo(0, 0)")
        until(lambda: self.browser.execute_script("return scrollY") == 0, "the page is at its start")
        (pace / "2").touch()
        self.shows("part 2 line 100")
        self.assertEqual(self.browser.execute_script("return scrollY"), 0)
        self.browser.find_element(By.ID, "to-end").click()
        until(lambda: self.browser.execute_script(at_end), "the page is at its end again")
        (pace / "3").touch()
        self.shows("part 3 line 100", "end of the output", "passed")
        until(lambda: self.browser.execute_script(at_end), "the page has followed")
        lines = self.browser.execute_script(
            "return [...document.querySelectorAll('#log li')].map(line => line.id + ' ' + line.lastChild.textContent)")
        written = self.log_of(1).replace("\x1b[31m", "").replace("\x1b[0m", "").splitlines()
        self.assertEqual(lines, [f"L{number} {line}" for number, line in enumerate(written, 1)])
        self.assertEqual(self.complaints(), [])

    def test_a_line_has_an_address(self):
        self.harbour.pipeline("run: |\n  for n in $(seq 900); do printf \"$n %0$((n % 7 * 90))d\\n\" 1; done\n")
        self.submit(self.harbour)
        self.finished_builds(1)
        self.start_reporter()
        self.visit("/jobs/1/log#L700")
        target = self.browser.find_element(By.CSS_SELECTOR, "#log li:target")
        self.assertEqual(target.get_attribute("id"), "L700")
        until(lambda: 0 <= self.browser.execute_script("return arguments[0].getBoundingClientRect().top", target) < 800,
              "the line is seen")

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
    if not IS_THERE:
        print("NOT RUN: there is no Chromium here; script/setup --browser installs it", file=sys.stderr)
    unittest.main()
