#!/usr/bin/python3
"""Reports of tests on their whole way: written by real tools in a job, read by the worker, kept by the broker, shown."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import unittest
import urllib.parse
import urllib.request

import programs
from programs import Case, Repository, git, until

SHOP = '''
import unittest
class Basket(unittest.TestCase):
    def test_empty(self):
        "An empty basket costs nothing."
    def test_sum(self):
        print("adding up")
        self.assertEqual(3, 4, "the sum is wrong")
    def test_crash(self):
        raise RuntimeError("no stock")
    @unittest.skip("no network")
    def test_net(self): pass
'''
CTEST = '''
cmake_minimum_required(VERSION 3.20)
project(real NONE)
enable_testing()
add_test(NAME passes COMMAND /bin/true)
add_test(NAME fails COMMAND sh -c "echo one line; exit 3")
add_test(NAME skips COMMAND sh -c "exit 77")
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
'''
PERL = '''
use Test::More tests => 3;
ok(1, 'adds');
is(1, 2, 'equal numbers');
SKIP: { skip 'no network', 1; }
'''
NODE = '''
const test = require('node:test'), assert = require('assert');
test('adds', () => { assert.equal(1, 1) });
test('breaks', () => { assert.equal(1, 2, 'one is not two') });
'''
ONE_JOB = "run: {}\n"


def report(**verdicts):
    """JUnit with these tests; what a verdict says is inside of the case."""
    cases = "".join(f'<testcase classname="s" name="{name}">{inside}</testcase>' for name, inside in verdicts.items())
    return f'<testsuite name="s">{cases}</testsuite>'


PASSED, FAILED = "", '<failure message="it is wrong">trace</failure>'


class Reports(Case):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.repository = Repository(self.folder / "project")

    def watch(self):
        self.worker = self.start_worker("worker-1")
        return self.start_watcher(self.repository.path)

    def asked(self, build, *more):
        return self.client_json("tests", build["build"], *more)

    def named(self, tests, job):
        """The tests of a job, by name."""
        ids = {one["job"] for one in tests["jobs"] if one["name"] == job}
        return {test["name"]: test for test in tests["tests"] if test["job"] in ids}

    def counts(self, tests, job):
        [one] = [one for one in tests["jobs"] if one["name"] == job]
        return tuple(one[key] for key in ("passed", "failed", "errors", "skipped"))

    def write_jobs(self, jobs):
        self.repository.write(".seaworthy.yml", json.dumps({"jobs": jobs}))

    def test_what_real_tools_write_is_read(self):
        self.repository.write("python/test_shop.py", SHOP)
        self.repository.write("cmake/CMakeLists.txt", CTEST)
        self.repository.write("perl/t/a.t", PERL)
        self.repository.write("node/a.test.js", NODE)
        python, tool = "/usr/bin/python3 -m unittest", shutil.which
        jobs = {"unittest-v": {"run": f"cd python && {python} -v"}, "unittest": {"run": f"cd python && {python}"}}
        if tool("cmake") and tool("ctest"):
            configure = "cmake -S cmake -B build >/dev/null && ctest --test-dir build"
            jobs["ctest"] = {"run": configure + " --output-on-failure"}
            jobs["ctest-junit"] = {"run": configure + ' --output-junit "$PWD/build/junit.xml"'}
        if tool("prove"):
            jobs["prove"] = {"run": "cd perl && prove -v t"}
            jobs["perl-tap"] = {"run": "cd perl && perl t/a.t > a.out", "reports": {"tap": "perl/*.out"}}
        if tool("node"):
            jobs["node"] = {"run": "cd node && node --test --test-reporter=tap a.test.js > ../results.tap"}
        if pathlib.Path("/usr/bin/pytest").exists():
            jobs["pytest"] = {"run": "cd python && /usr/bin/pytest -q -p no:cacheprovider --junitxml=../junit.xml ."}
        catch = programs.BIN / "pipeline_tests"
        if catch.exists():
            jobs["catch2"] = {"run": f"{catch} -r junit -o catch-junit.xml"}
        self.write_jobs(jobs)
        self.repository.commit("tests of all kinds")
        self.watch()
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "failed")
        tests = self.asked(build)
        self.assertEqual([one["notes"] for one in tests["jobs"] if one["notes"]], [])
        expected = {"unittest-v": (1, 1, 1, 1), "unittest": (1, 1, 1, 1), "ctest": (1, 1, 0, 1),
                    "ctest-junit": (1, 1, 0, 1), "prove": (1, 1, 0, 1), "perl-tap": (1, 1, 0, 1),
                    "node": (1, 1, 0, 0), "pytest": (1, 2, 0, 1)}
        for job in jobs:
            if job != "catch2":
                with self.subTest(job=job):
                    self.assertEqual(self.counts(tests, job), expected[job])
        verbose = self.named(tests, "unittest-v")
        self.assertEqual(verbose["test_sum"]["message"], "AssertionError: 3 != 4 : the sum is wrong")
        self.assertIn("in test_sum", verbose["test_sum"]["output"])
        self.assertEqual(verbose["test_crash"]["verdict"], "error")
        self.assertEqual(verbose["test_crash"]["failing_since"]["build"], build["build"])
        if "ctest" in jobs:
            for job in ("ctest", "ctest-junit"):
                self.assertIn("one line", self.named(tests, job)["fails"]["output"])
        if "prove" in jobs:
            self.assertEqual(self.named(tests, "prove")["equal numbers"]["suite"], "t/a.t")
            self.assertEqual(self.named(tests, "perl-tap")["equal numbers"]["suite"], "perl/a.out")
        if "node" in jobs:
            self.assertEqual(self.named(tests, "node")["breaks"]["message"], "one is not two")
        if "catch2" in jobs:
            passed, *others = self.counts(tests, "catch2")
            self.assertGreater(passed, 20)
            self.assertEqual(others, [0, 0, 0])
        story = self.client("show", build["build"]).stdout.decode()
        self.assertIn("tests: 1 failed, 1 error, 1 passed, 1 skipped\n", story)
        self.assertIn("AssertionError: 3 != 4 : the sum is wrong", story)
        log = self.log_of([one["job"] for one in tests["jobs"] if one["name"] == "unittest-v"][0])
        self.assertIn("==> tests: 1 failed, 1 error, 1 passed, 1 skipped\n", log)
        failed = self.client("tests", build["build"], "--failed").stdout.decode()
        self.assertIn("fails since build", failed)
        self.assertNotIn("test_empty", failed)
        waited = self.client("wait", build["build"], check=False)
        self.assertEqual(waited.returncode, 1)
        self.assertIn("tests failed: ", waited.stdout.decode())

    def build_with(self, text, passes):
        """A commit whose job writes this report; the build of it."""
        self.repository.write("report", text)
        self.repository.pipeline(ONE_JOB.format("cp report junit.xml && " + ("true" if passes else "false")))
        self.built = getattr(self, "built", 0) + 1
        return self.finished_builds(self.built)[0]

    def test_a_test_fails_since_the_first_build_in_which_it_did_and_its_page_has_the_history(self):
        self.watch()
        self.build_with(report(a=PASSED, b=FAILED), False)
        first = self.build_with(report(a=FAILED, b=FAILED), False)
        last = self.build_with(report(a=FAILED, b=PASSED), False)
        [test] = self.asked(last, "--failed")["tests"]
        self.assertEqual((test["name"], test["failing_since"]),
                         ("a", {"build": first["build"], "revision": first["revision"], "or_longer": False}))
        with self.reporter() as page:
            build = page(f"/builds/{last['build']}")
            self.assertIn("<h2>1 failed test</h2>", build)
            self.assertIn(f'fails since <a href="/builds/{first["build"]}">', build)
            query = urllib.parse.urlencode({"repository": str(self.repository.path), "job": "test", "suite": "s",
                                            "name": "a"})
            history = page(f"/tests?{query}")
            self.assertIn("Failed in 2 of the newest 3 builds", history)
            self.assertEqual(history.count("<rect "), 3)
            [job] = self.client_json("show", last["build"])["jobs"]
            self.assertIn("1 failed", page(f"/jobs/{job['job']}/tests"))

    @contextlib.contextmanager
    def reporter(self):
        read_end, write_end = os.pipe()
        self.start("seaworthy-reporter", "--broker", self.broker_address, "--listen", "127.0.0.1:0", "--ready-fd",
                   write_end, pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            address = json.loads(ready.readline())["listen"]

        def page(target):
            with urllib.request.urlopen(f"http://{address}{target}", timeout=programs.DEADLINE) as answer:
                return answer.read().decode()
        yield page

    def test_hostile_reports_change_no_verdict_and_are_told(self):
        self.repository.write("secret.xml", report(secret=FAILED))
        self.write_jobs({
            "outside": {"run": "mkdir reports; ln -s /etc/passwd junit.xml; ln -s /dev/zero report.xml; "
                               "mkfifo reports/pipe.xml; ln -s .. reports/up.xml; true"},
            "doctype": {"run": "echo '<!DOCTYPE t [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><testsuite>"
                               "<testcase name=\"&x;\"/></testsuite>' > junit.xml"},
            "deep": {"run": "/usr/bin/python3 -c 'print(\"<testsuite>\" * 1000000)' > junit.xml"},
            "binary": {"run": "head -c 3000000 /dev/urandom > junit.xml; head -c 3000000 /dev/urandom > x.tap"},
            "odd": {"run": "/usr/bin/python3 odd.py > junit.xml"},
            "nothing": {"run": "true", "reports": {"junit": "out/*.xml"}},
            "committed": {"run": "true", "reports": {"junit": "secret.xml"}}})
        self.repository.write("odd.py", "print('<testsuite><testcase classname=\"<b>\\u202e\" name=\"\\x1b[2J&lt;script&gt;"
                                        "alert(1)&lt;/script&gt;\"><failure/></testcase></testsuite>'"
                                        ".replace('\\x1b', '&#155;').replace('<b>', '&lt;b&gt;'))\n")
        self.repository.commit("hostile")
        self.watch()
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "passed")
        tests = self.asked(build)
        notes = {one["name"]: " ".join(one["notes"]) for one in tests["jobs"]}
        self.assertNotIn("outside", notes)
        self.assertIn("it has a DOCTYPE", notes["doctype"])
        self.assertIn("nested too deeply", notes["deep"])
        self.assertIn("junit.xml was not read to its end", notes["binary"])
        self.assertIn("fits out/*.xml", notes["nothing"])
        self.assertIn("fits secret.xml", notes["committed"])
        self.assertEqual(self.counts(tests, "odd"), (0, 1, 0, 0))
        self.assertNotIn("passwd", json.dumps(tests))
        with self.reporter() as page:
            shown = page(f"/builds/{build['build']}")
            for bad in ("<script>alert", "\u202e", "\x9b"):
                self.assertNotIn(bad, shown)
        self.assertEqual(self.client("tests", build["build"]).stdout.count(b"\x1b"), 0)

    def test_a_report_survives_the_death_of_worker_and_broker(self):
        self.repository.write("report", report(a=PASSED, b=FAILED))
        go = self.folder / "go"
        self.repository.pipeline(ONE_JOB.format(
            f"until [ -e {go} ]; do sleep 0.1; done; cp report junit.xml; false"))
        self.watch()
        until(lambda: [b for b in self.client_json("builds") if b["state"] == "running"], "the job runs")
        self.programs[0].kill()
        go.touch()
        spool = self.folder / "worker-1" / "spool"
        until(lambda: list(spool.glob("*/outcome")), "the outcome is in the spool")
        self.worker.kill()
        self.start_broker()
        self.start_worker("worker-1")
        [build] = self.finished_builds(1)
        self.assertEqual(build["verdict"], "failed")
        self.assertEqual(self.counts(self.asked(build), "test"), (1, 1, 0, 0))
        [job] = self.client_json("show", build["build"])["jobs"]
        self.assertEqual(len(job["attempts"]), 1)

    def test_ten_thousand_tests_are_listed_and_the_store_is_whole(self):
        self.repository.write("many.py", "print('<testsuite name=\"many\">' + ''.join('<testcase classname=\"module_%d.Case\" "
                                         "name=\"test_that_%d_holds\" time=\"0.%03d\"/>' % (i // 40, i, i % 1000) "
                                         "for i in range(10020)) + '</testsuite>')\n")
        self.repository.pipeline(ONE_JOB.format("/usr/bin/python3 many.py > junit.xml"))
        self.watch()
        [build] = self.finished_builds(1)
        tests = self.asked(build)
        self.assertEqual(self.counts(tests, "test"), (10020, 0, 0, 0))
        self.assertEqual(tests["jobs"][0]["not_listed"], 20)
        self.assertEqual(len({test["name"] for test in tests["tests"]}), 10000)
        checked = subprocess.run([str(programs.BIN / "seaworthy-fsck"), "--state", str(self.folder / "broker")],
                                 capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_a_build_that_never_had_tests_is_told_from_one_that_does_not_exist(self):
        self.repository.pipeline(ONE_JOB.format("echo nothing to see"))
        self.watch()
        [build] = self.finished_builds(1)
        said = self.client("tests", build["build"])
        self.assertEqual(said.stdout, b"")
        self.assertIn(b"has no reports of tests", said.stderr)
        self.assertEqual(self.client("tests", "4711", check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
