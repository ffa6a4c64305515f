#!/usr/bin/python3
"""The page of a log in a real Chromium: long ones, what grows, search, folding, addresses of lines.

Needs what pages_test.py needs, and is skipped without.
"""

import re
import unittest

from browser_case import IS_THERE, Browser, By, Keys, main, until

BIG_LINES = 1_650_000  # of 64 bytes: more than 100 MB
ROWS = """[...document.querySelectorAll('#log li:not(.fold):not(.blank)')].map(
    item => [item.id, item.lastChild.textContent])"""
# What is seen of the log: the ids of its rows between the tools and the end of the window.
SEEN = """[...document.querySelectorAll('#log li:not(.fold)')].filter(item => {
    const {top, bottom} = item.getBoundingClientRect();
    return bottom > 60 && top < innerHeight;
}).map(item => item.classList.contains('blank') ? '' : item.id)"""
AT_END = "innerHeight + scrollY >= document.documentElement.scrollHeight - 80"


@unittest.skipUnless(IS_THERE, "no Chromium")
class Logs(Browser):
    def job(self, pipeline):
        self.harbour.pipeline(pipeline)
        self.submit(self.harbour)
        self.finished_builds(1, deadline=300)
        self.start_reporter()

    def visit_log(self, rest=""):
        self.browser.get("about:blank")  # another fragment alone would load nothing
        self.visit(f"/jobs/1/log{rest}")
        until(lambda: self.js("document.documentElement.classList.contains('scrolls')"), "the log is there")

    def seen(self):
        """Numbers of the lines on the screen, once all of them have come."""
        def all_names():
            names = self.js(SEEN)
            return names if names and "" not in names else None
        return [int(name[1:]) for name in until(all_names, "what is seen has come")]

    def until_sees(self, line):
        until(lambda: f"L{line}" in self.js(SEEN), f"line {line} on the screen")

    def search(self, text):
        field = self.browser.find_element(By.ID, "q")
        field.clear()
        field.send_keys(text, Keys.ENTER)

    def found(self):
        return self.browser.find_element(By.ID, "found").text

    def test_a_log_grows_at_its_end_until_its_reader_scrolls_up(self):
        pace = self.folder / "pace"
        pace.mkdir()
        self.harbour.pipeline("run: |\n  printf '\\033[31mred\\033[0m <b>not bold</b>\\n'\n  for n in 1 2 3; do\n"
                              f"    while [ ! -e {pace}/$n ]; do sleep 0.05; done\n"
                              "    seq -f \"part $n line %g\" 1 100\n  done\n")
        self.submit(self.harbour)
        self.start_reporter()
        until(lambda: 'class="f1"' in self.get("/jobs/1/log")[2], "the first line")
        self.visit_log()
        until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "#log .f1"), "the coloured line")
        self.assertEqual(self.browser.find_element(By.CSS_SELECTOR, "#log .f1").text, "red")
        follow = self.browser.find_element(By.ID, "follow")
        self.assertEqual(follow.get_attribute("aria-pressed"), "true")
        (pace / "1").touch()
        self.shows("part 1 line 100")
        until(lambda: self.js(AT_END), "the page is at its end")
        self.js("scrollTo(0, 0)")
        until(lambda: follow.get_attribute("aria-pressed") == "false", "it follows no longer")
        (pace / "2").touch()
        until(lambda: "part 2 line 100" in self.get("/jobs/1/log.txt?offset=0", method="HEAD")[2]
              or self.log_of(1).endswith("part 2 line 100\n"), "more output")
        until(lambda: self.js("document.documentElement.scrollHeight") > 4000, "the page has grown")
        self.assertEqual(self.js("scrollY"), 0)
        follow.click()
        self.shows("part 2 line 100")
        until(lambda: self.js(AT_END), "the page is at its end again")
        (pace / "3").touch()
        self.shows("part 3 line 100", "end of the output", "passed")
        until(lambda: self.js(AT_END), "the page has followed")
        until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "#log .fold"), "its steps can be folded now")
        written = self.log_of(1).replace("\x1b[31m", "").replace("\x1b[0m", "").splitlines()

        def are_right(rows):
            first = int(rows[0][0][1:])
            return len(rows) > 100 and rows == [[f"L{number}", line] for number, line in
                                                enumerate(written[first - 1:first - 1 + len(rows)], first)]
        until(lambda: are_right(self.js(ROWS)), "the rows are the lines of the log")
        self.assertEqual(self.complaints(), [])

    def test_a_log_of_100_megabytes_is_one_page_with_right_numbers_everywhere(self):
        for program in self.programs:
            if "buildhost" in str(program.log):
                program.stop()
        self.start_worker("archive", "--keep-output", "128")
        self.job(f"run: seq -f 'line %010.0f is one of very many of a job that has much to say' {BIG_LINES}\n")
        head = self.get("/jobs/1/log")[2]
        self.assertLess(len(head), 500_000)
        before = re.search(r'data-bytes="(\d+)"', head)
        self.assertGreater(int(before.group(1)), 100_000_000)
        offset = int(re.search(r'id="L(\d+)"[^\n]*<span>line 0000000001 is', head).group(1)) - 1
        self.visit_log()

        def are_right():
            """Each row on the screen says what its number promises, and none is missing between."""
            seen = self.seen()
            self.assertEqual(seen, list(range(seen[0], seen[0] + len(seen))))
            for name, text in self.js(ROWS):
                if text.startswith("line ") and int(name[1:]) in seen:
                    self.assertIn(f"line {int(name[1:]) - offset:010d} is", text)
            return seen

        are_right()
        self.press("G")
        until(lambda: self.js(AT_END), "the end")
        self.assertGreaterEqual(are_right()[-1], BIG_LINES)
        self.js("scrollTo(0, document.documentElement.scrollHeight / 2)")
        until(lambda: 0.4 * BIG_LINES < self.seen()[0] < 0.6 * BIG_LINES, "the middle")
        at = are_right()[0]
        for _ in range(40):  # as a wheel turns
            self.js("scrollBy(0, 240)")
            self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        down = are_right()[0]
        self.assertTrue(at + 300 < down < at + 800, (at, down))
        for _ in range(40):
            self.js("scrollBy(0, -240)")
            self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.assertLess(abs(are_right()[0] - at), 40)
        self.visit_log("#L1234567")
        self.until_sees(1234567)
        are_right()
        self.search("line 0000777777")
        until(lambda: self.found() == "1 of 1 lines", "it is found")
        self.until_sees(777777 + offset)
        are_right()
        self.assertLess(self.js("document.querySelectorAll('*').length"), 2000)
        self.screenshot("big-log")
        self.assertEqual(self.complaints(), [])

    def test_a_line_and_a_range_of_lines_have_addresses(self):
        self.job("run: |\n  for n in $(seq 900); do printf \"$n %0$((n % 7 * 90))d\\n\" 1; done\n")
        self.visit_log("#L700")
        self.until_sees(700)
        picked = "[...document.querySelectorAll('#log li.picked')].map(item => item.id)"
        until(lambda: self.js(picked) == ["L700"], "it is marked")
        self.visit_log("#L800-L803")
        until(lambda: self.js(picked) == ["L800", "L801", "L802", "L803"], "the range is marked")
        self.until_sees(800)
        self.js("document.querySelector('#L802 > a').click()")
        until(lambda: self.js("location.hash") == "#L802", "the address of the line")
        self.js("document.querySelector('#L805 > a').dispatchEvent("
                "new MouseEvent('click', {shiftKey: true, bubbles: true, cancelable: true}))")
        self.assertEqual(self.js("location.hash"), "#L802-L805")
        self.assertEqual(self.js(picked), ["L802", "L803", "L804", "L805"])
        self.js("location.hash = '#L3'")
        self.until_sees(3)
        self.assertEqual(self.complaints(), [])

    def test_a_line_without_an_end_in_sight_takes_rows_and_one_number(self):
        self.job("run: |\n  head -c 100000 /dev/zero | tr '\\0' x\n  echo\n  echo after it\n")
        self.visit_log()
        written = self.log_of(1).splitlines()
        number = written.index("after it") + 1
        self.browser.get("about:blank")
        self.visit_log(f"#L{number}")
        until(lambda: self.js(f"document.getElementById('L{number}')?.lastChild.textContent") == "after it", "the line")

    def test_steps_fold_and_the_one_that_failed_is_open_with_its_first_error_marked(self):
        self.job("jobs:\n  unit:\n    steps:\n      - {name: build, run: seq 500}\n      - name: '<b>test</b>'\n"
                 "        run: |\n          seq 300\n          echo 'crane.cc:42: error: no rope'\n          seq 300\n"
                 "          exit 3\n      - {name: never, run: 'true'}\n")
        self.visit_log()
        headers = """[...document.querySelectorAll('#log .fold button')].map(
            button => [button.innerText, button.getAttribute('aria-expanded')])"""
        until(lambda: len(self.js(headers)) >= 3, "the steps can be folded")
        words, expanded = zip(*self.js(headers))
        words = [" ".join(text.split()) for text in words]
        self.assertEqual(expanded[:3], ("false", "false", "true"))
        self.assertIn("build", words[1])
        self.assertIn("<b>test</b>", words[2])
        self.assertIn("exit code 3", words[2])
        until(lambda: self.browser.find_element(By.ID, "first-error").is_displayed(), "the first error is known")
        seen = self.js(SEEN)
        self.assertNotIn("no rope", "".join(text for name, text in self.js(ROWS) if name in seen))
        self.screenshot("log-folded")
        self.press("e")
        error = "document.querySelector('#log .first-error')"
        until(lambda: self.js(f"{error}?.textContent.includes('no rope')"), "it is marked")
        until(lambda: 0 < self.js(f"{error}?.getBoundingClientRect().top ?? -1") < 800, "it is seen")
        self.screenshot("log-first-error")
        self.js("scrollTo(0, 0)")
        # Far from the error it was not laid out, and comes back with the next frame.
        header = until(lambda: self.js("[...document.querySelectorAll('#log .fold button')].find(button => "
                                       "button.textContent.includes('build') && button.getBoundingClientRect().top > 0)"),
                       "the header of the first step")
        header.click()
        until(lambda: self.js("document.getElementById('L20') !== null"), "the step is open")
        self.assertEqual(header.get_attribute("aria-expanded"), "true")
        header.send_keys(Keys.ENTER)
        until(lambda: self.js("document.getElementById('L20') === null"), "the step is folded")
        self.assertEqual(self.complaints(), [])

    def test_a_search_goes_through_the_whole_log_and_opens_what_it_finds(self):
        self.job("jobs:\n  unit:\n    steps:\n      - {name: one, run: seq -f 'Rope %g.' 3000}\n"
                 "      - {name: two, run: 'for n in 1 2 3; do printf \"a \\\\033[31mcr\\\\033[0mane <$n>\\\\n\"; done'}\n")
        self.visit_log()
        self.press("/")
        self.assertEqual(self.js("document.activeElement.id"), "q")
        self.search("rope 2999")
        until(lambda: self.found() == "1 of 1 lines", "it is found")
        until(lambda: self.js("document.querySelector('#log .current')?.textContent.includes('Rope 2999.')"), "it is shown")
        self.search("crane <")
        until(lambda: self.found() == "1 of 3 lines", "found through colours")
        self.browser.find_element(By.ID, "next").click()
        until(lambda: self.found() == "2 of 3 lines", "the next")
        self.browser.find_element(By.ID, "log").send_keys("N")
        until(lambda: self.found() == "1 of 3 lines", "the one before")
        self.browser.find_element(By.ID, "previous").click()
        until(lambda: self.found() == "3 of 3 lines", "around the end")
        self.screenshot("log-search")
        self.js("document.querySelector('[name=case]').click()")
        self.search("rope 1.")
        until(lambda: self.found() == "no line has it", "its case is another")
        self.js("document.querySelector('[name=regex]').click()")
        self.search("Rope (10|20)\\.$")
        until(lambda: self.found() == "1 of 2 lines", "by an expression")
        self.search("(")
        until(lambda: "no regular expression" in self.found(), "what is wrong")
        self.browser.find_element(By.ID, "q").send_keys(Keys.ESCAPE)
        until(lambda: self.found() == "", "nothing is searched")
        self.assertEqual(self.complaints(), [])

    def test_without_scripts_a_log_comes_in_pages_and_is_searched_too(self):
        self.job("run: seq -f 'entry %g of the log' 30000\n")
        self.look(1200, 800, script=False)
        self.visit("/jobs/1/log")
        self.assertIn("lines 1 to", self.visible())
        self.browser.find_element(By.LINK_TEXT, "after").click()
        until(lambda: "offset=" in self.browser.current_url, "the next page")
        first = int(until(lambda: re.search(r"lines (\d\d+) to", self.visible()), "lines further on").group(1))
        self.shows(f"entry {first - 3} of the log")
        self.browser.find_element(By.LINK_TEXT, "end").click()
        until(lambda: "entry 30000 of the log" in self.visible(), "the end")
        self.browser.find_element(By.LINK_TEXT, "start").click()
        until(lambda: "entry 1 of the log" in self.visible(), "the start")
        self.browser.find_element(By.ID, "q").send_keys("entry 1234", Keys.ENTER)
        until(lambda: "11 lines found" in self.visible(), "the search")
        self.screenshot("log-without-script")
        self.browser.find_element(By.LINK_TEXT, "12343").click()
        until(lambda: "entry 12340 of the log" in self.visible(), "the line that was found, in its place")

    def test_lines_show_when_they_were_written_if_somebody_wants_it_and_copies_never_do(self):
        self.job("run: |\n  echo a crane\n  sleep 1\n  echo a ship\n  printf '%0900d\\n' 1\n")
        self.visit_log()
        row = "[...document.querySelectorAll('#log li')].find(item => item.lastChild?.textContent === 'a ship')"
        shown = f"(row => row ? getComputedStyle(row, '::before').content : '')({row})"
        until(lambda: self.js(f"{row} !== undefined"), "the line")
        button = self.browser.find_element(By.ID, "times")
        copied = """(getSelection().selectAllChildren(document.querySelector('#log .output')), getSelection().toString())"""
        self.assertEqual(self.js(shown), "none")
        self.assertEqual(button.get_attribute("aria-pressed"), "false")
        plain = self.js(copied)
        self.assertIn("a ship", plain)
        relative, absolute = (self.js(f"{row}.dataset.{name}") for name in ("after", "clock"))
        self.assertRegex(relative, r"^\d+:\d\d\.\d$")
        self.assertRegex(absolute, r"^\d\d:\d\d:\d\d$")
        button.click()
        self.assertIn(relative, self.js(shown))
        self.assertEqual((button.text, button.get_attribute("aria-pressed")), ("times: relative", "true"))
        self.assertEqual(self.js(copied), plain)
        self.screenshot("log-times-relative")
        self.browser.find_element(By.ID, "log").send_keys("T")
        self.assertIn(absolute, self.js(shown))
        self.assertEqual(self.js(copied), plain)
        self.screenshot("log-times-absolute")
        self.visit_log()
        until(lambda: absolute in self.js(shown), "it was remembered")
        for width in (360, 1200):
            self.look(width, 780, scheme="dark")
            self.visit_log()
            until(lambda: self.js(f"{row} !== undefined"), "the line")
            self.assertLessEqual(self.js("document.documentElement.scrollWidth"), width)
            self.assertGreater(self.js(f"{row}.lastChild.offsetWidth"), width / 2)
            self.screenshot(f"log-times-{width}")
        self.browser.find_element(By.ID, "log").send_keys("T")
        until(lambda: self.js(shown) == "none", "none again")
        self.visit_log()
        until(lambda: self.js(shown) == "none", "none is remembered")
        self.assertEqual(self.complaints(), [])

    def test_without_scripts_a_log_shows_the_times_that_its_address_asks_for(self):
        self.job("run: echo a ship\n")
        self.look(1200, 800, script=False)
        row = "//li[span='a ship']"
        for which, attribute in (("relative", "data-after"), ("absolute", "data-clock")):
            self.visit(f"/jobs/1/log?time={which}")
            item = self.browser.find_element(By.XPATH, row)
            wide = item.find_element(By.TAG_NAME, "span").size["width"]
            self.assertTrue(item.get_attribute(attribute))
            self.visit("/jobs/1/log")
            self.assertGreater(self.browser.find_element(By.XPATH, row + "/span").size["width"], wide)

    def test_long_lines_wrap_or_do_not_and_a_phone_shows_no_wider_page(self):
        self.job("run: for n in $(seq 300); do printf '%0900d\\n' $n; done\n")
        for width in (360, 1200):
            self.look(width, 780)
            self.visit_log("#L200")
            self.until_sees(200)
            self.assertLessEqual(self.js("document.documentElement.scrollWidth"), width)
            high = self.js("document.getElementById('L200').offsetHeight")
            self.browser.find_element(By.ID, "log").send_keys("w")
            until(lambda: 0 < (self.js("document.getElementById('L200')?.offsetHeight") or 0) < high, "it does not wrap")
            self.assertLessEqual(self.js("document.documentElement.scrollWidth"), width)
            self.screenshot(f"log-nowrap-{width}")
            self.browser.find_element(By.ID, "log").send_keys("w")
            until(lambda: self.js("document.getElementById('L200')?.offsetHeight") == high, "it wraps again")


if __name__ == "__main__":
    main()
