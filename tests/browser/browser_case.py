"""What the tests in a real Chromium share: a browser, its window, and some history to look at.

Screenshots go to the folder that SEAWORTHY_SCREENSHOTS names, if any.
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
    webdriver = By = Keys = None

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

    def js(self, script, *arguments):
        return self.browser.execute_script("return " + script, *arguments)

    def press(self, *keys):
        self.browser.switch_to.active_element.send_keys(*keys)

    def click(self, selector):
        """What stands still. A page may put something else in the place of its facts at any moment: see follow()."""
        self.browser.find_element(By.CSS_SELECTOR, selector).click()

    def follow(self, words):
        """A link of the page, which may be made anew at this moment, as it is."""
        address = until(lambda: self.js("[...document.querySelectorAll('main a')].find("
                                        "link => link.textContent.trim() === arguments[0])?.href", words), f"{words} is there")
        self.browser.get(address)

    def is_known(self):
        """Pages that are visited now know all that has happened, and do not look again before something else does."""
        until(lambda: 'data-after="0"' not in self.page("/"), "the reporter knows where the events are")

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


def main():
    if not IS_THERE:
        print("NOT RUN: there is no Chromium here; script/setup --browser installs it", file=sys.stderr)
    unittest.main()
