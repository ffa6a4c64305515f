#!/usr/bin/python3
"""Who may include whom, and what a core must not touch: the rules of ARCHITECTURE.md, executed."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#include\s+(["<])([^">]+)[">]', re.M)

# folder: project folders that its files may include, besides itself
ALLOWED = {
    "shared/base": [],
    "shared/model": ["shared/base"],
    "shared/wire": ["shared/base", "shared/model"],
    "shared/io": ["shared/base", "shared/model", "shared/wire"],
    "shared/pipeline": ["shared/base", "shared/model"],
    "shared/json": ["shared/base", "shared/model", "shared/wire/message.h"],
    "shared/words": ["shared/base", "shared/model", "shared/wire/message.h"],
    "shared/http": ["shared/base", "shared/model"],
    "shared/git": ["shared/base", "shared/model", "shared/io", "shared/pipeline"],
    "broker/core": ["shared/base", "shared/model", "shared/wire/message.h"],
    "worker/core": ["shared/base", "shared/model", "shared/wire/message.h"],
    "watcher/core": ["shared/base", "shared/model", "shared/wire/message.h"],
    "worker/reports": ["shared/base", "shared/model", "shared/io/fd.h"],
    "worker/leader": ["shared/base", "shared/model", "shared/wire", "shared/io", "shared/git", "worker/reports", "worker/confinement.h",
                      "worker/leader_protocol.h", "worker/output.h", "worker/spool.h", "worker/tree.h", "worker/workspace.h"],
    "broker/journal": ["shared/base", "shared/model", "shared/wire", "broker/core"],
    "broker/fsck": ["shared/base", "shared/model", "shared/wire", "shared/io", "broker/journal"],
    "broker": ["shared", "broker"],
    "worker": ["shared", "worker"],
    "watcher": ["shared", "watcher"],
    "cli": ["shared", "cli"],
    "reporter/news/core": ["shared/base", "shared/model", "shared/wire/message.h", "shared/words", "reporter/html.h", "reporter/characters.h"],
    "reporter/news": ["shared", "reporter/html.h", "reporter/percent.h"],
    "reporter": ["shared", "reporter"],
}
PURE_HEADERS = set(
    "algorithm array bit compare cstddef cstdint deque functional iterator limits list map memory new numeric optional set "
    "span string string_view tuple type_traits unordered_map utility variant vector".split())
# What a core must not use even though a pure header brings it.
IMPURE_WORDS = re.compile(
    r"\b(steady_clock|system_clock|std::rand|random_device|getenv|fopen|ofstream|ifstream|printf|spdlog|std::thread|"
    r"std::mutex|throw|catch)\b|\bfor \([^;)]*: (numbers_|revisions_|requests_)\)")
LONGEST_FILE, LONGEST_MAIN, LONGEST_LINE = 600, 120, 100
SCRIPTS = ["script", ".ci", "deploy/docker", "deploy/debian", "deploy/bash-completion"]


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.h", "*.cc"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def room_of(path):
    name = path.relative_to(ROOT).as_posix()
    rooms = [room for room in ALLOWED if name.startswith(room + "/")]
    return max(rooms, key=len, default=None)


class Structure(unittest.TestCase):
    def test_each_room_includes_only_the_rooms_it_may(self):
        for path in sources():
            room = room_of(path)
            for quote, name in INCLUDE.findall(path.read_text()):
                if room is None or quote == "<":
                    continue
                with self.subTest(file=str(path.relative_to(ROOT)), includes=name):
                    allowed = ALLOWED[room] + [room]
                    self.assertTrue(any(name == one or name.startswith(one + "/") for one in allowed),
                                    f"{room} may include {allowed}")

    def test_a_core_uses_nothing_but_pure_standard_headers(self):
        for path in sources():
            if not ((room_of(path) or "").endswith("/core") or (room_of(path) and path.stem == "core")):
                continue
            text = path.read_text()
            for quote, name in INCLUDE.findall(text):
                if quote == "<":
                    with self.subTest(file=str(path.relative_to(ROOT))):
                        self.assertIn(name, PURE_HEADERS)
            code = re.sub(r"//.*", "", text)
            with self.subTest(file=str(path.relative_to(ROOT))):
                self.assertIsNone(IMPURE_WORDS.search(code), IMPURE_WORDS.search(code))

    def test_msgpack_sql_yaml_boost_and_curl_stay_in_their_rooms(self):
        homes = {"msgpack.hpp": "shared/wire/codec.cc", "sqlite3.h": "broker/journal/", "yaml-cpp/": "shared/pipeline/",
                 "boost/": "shared/http/", "curl/": "reporter/news/transport", "expat.h": "worker/reports/junit.cc"}
        for path in sources():
            for _, name in INCLUDE.findall(path.read_text()):
                for header, home in homes.items():
                    if name.startswith(header) and not path.relative_to(ROOT).as_posix().startswith(("tests/", "bench/")):
                        with self.subTest(file=str(path.relative_to(ROOT)), includes=name):
                            self.assertTrue(path.relative_to(ROOT).as_posix().startswith(home))

    def test_headers_begin_with_what_they_are_for(self):
        for path in sources():
            if path.suffix == ".h" and room_of(path):
                with self.subTest(file=str(path.relative_to(ROOT))):
                    lines = path.read_text().splitlines()
                    self.assertTrue(lines[0].startswith("// ") and "#pragma once" in lines)

    def test_files_stay_small_and_lines_short(self):
        for path in sources():
            if not room_of(path):
                continue
            lines = path.read_text().splitlines()
            limit = LONGEST_MAIN if path.name == "main.cc" else LONGEST_FILE
            with self.subTest(file=str(path.relative_to(ROOT))):
                self.assertLessEqual(len(lines), limit)
                long = [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]
                self.assertEqual(long, [], "lines longer than 100 columns")

    def test_planted_bugs_still_have_their_place(self):
        """tests/sim/mutants.py takes too long for every day; that its texts are there is asked each time."""
        sys.path.insert(0, str(ROOT / "tests" / "sim"))
        sys.dont_write_bytecode = True
        from mutants import MUTANTS
        for name, file, text, _ in MUTANTS:
            with self.subTest(bug=name):
                self.assertEqual((ROOT / file).read_text().count(text), 1)

    def test_scripts_are_valid_shell_or_python(self):
        for folder in SCRIPTS:
            for path in (ROOT / folder).iterdir():
                with self.subTest(script=path.name):
                    text = path.read_text()
                    if text.startswith("#!/usr/bin/python3\n"):
                        compile(text, path.name, "exec")
                    else:
                        subprocess.run(["bash", "-n", str(path)], check=True)


if __name__ == "__main__":
    unittest.main()
