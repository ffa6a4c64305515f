#include "shared/pipeline/expand.h"

#include <map>

#include "shared/model/limits.h"
#include "tests/support/catch.h"

using namespace seaworthy;

namespace {

// A revision as a map of paths.
class Files final : public pipeline::RevisionFiles {
 public:
  Files(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  std::vector<Entry> list(const std::string& directory) override {
    std::map<std::string, bool> names;
    const std::string prefix = directory.empty() ? "" : directory + "/";
    for (const auto& [path, content] : files_) {
      if (!path.starts_with(prefix)) continue;
      std::string rest = path.substr(prefix.size());
      size_t slash = rest.find('/');
      names[rest.substr(0, slash)] = slash != std::string::npos;
    }
    std::vector<Entry> entries;
    for (const auto& [name, is_directory] : names) entries.push_back({name, is_directory});
    return entries;
  }
  std::optional<std::string> read(const std::string& path, size_t most_bytes) override {
    auto file = files_.find(path);
    if (file == files_.end() || file->second.size() > most_bytes) return std::nullopt;
    return file->second;
  }

 private:
  std::map<std::string, std::string> files_;
};

Pipeline expanded(std::map<std::string, std::string> files) {
  Files revision(std::move(files));
  return pipeline::expand(revision);
}

// The commands of the only job.
std::vector<std::string> commands(std::map<std::string, std::string> files) {
  Pipeline pipeline = expanded(std::move(files));
  INFO((pipeline.decided ? pipeline.decided->explanation : ""));
  REQUIRE(pipeline.jobs.size() == 1);
  std::vector<std::string> runs;
  for (const Step& step : pipeline.jobs[0].steps) runs.push_back(step.run);
  return runs;
}

using Commands = std::vector<std::string>;
const std::string kUnittest = "import unittest\nclass T(unittest.TestCase): pass\n";

}  // namespace

TEST_CASE("a pipeline file decides, whatever else is there") {
  Pipeline pipeline = expanded({{".seaworthy.yml", "run: ./go"}, {"CMakeLists.txt", ""}});
  REQUIRE(pipeline.jobs.size() == 1);
  CHECK(pipeline.jobs[0].steps[0].run == "./go");
  CHECK(pipeline.jobs[0].origin == "From .seaworthy.yml in this revision.");
}

TEST_CASE("a broken pipeline file is the verdict Failed with file, line, column and the line") {
  Pipeline pipeline = expanded({{".seaworthy.yml", "jobs:\n  test:\n    step: [x]\n    run: y\n"}});
  CHECK(pipeline.jobs.empty());
  REQUIRE(pipeline.decided);
  CHECK(pipeline.decided->verdict == Verdict::Failed);
  CHECK(pipeline.decided->explanation ==
        ".seaworthy.yml:3:5: unknown key 'step' in job 'test'; did you mean 'steps'?\n"
        "        step: [x]\n"
        "        ^\n");
}

TEST_CASE("a pipeline file that is too large or a folder is the verdict Failed") {
  CHECK(expanded({{".seaworthy.yml", std::string(limits::kPipelineFileBytes + 1, '#')}})
            .decided->verdict == Verdict::Failed);
  CHECK(expanded({{".seaworthy.yml/x", ""}}).decided->verdict == Verdict::Failed);
}

TEST_CASE("a pipeline file with the other ending is not passed over silently") {
  Pipeline pipeline = expanded({{".seaworthy.yaml", "run: x"}});
  REQUIRE(pipeline.decided);
  CHECK(pipeline.decided->verdict == Verdict::Failed);
  CHECK(pipeline.decided->explanation.find("rename it") != std::string::npos);
}

TEST_CASE("where nothing is to be run the verdict is Skipped, with the reason") {
  Pipeline pipeline = expanded({{"README", "hello"}});
  REQUIRE(pipeline.decided);
  CHECK(pipeline.decided->verdict == Verdict::Skipped);
  CHECK(pipeline.decided->explanation.find("no .seaworthy.yml") != std::string::npos);
  CHECK(expanded({}).decided->verdict == Verdict::Skipped);
}

TEST_CASE("Python unittests are discovered with and without a package") {
  CHECK(commands({{"tests/test_a.py", kUnittest}}) ==
        Commands{"python3 -m unittest discover -v -s tests"});
  CHECK(commands({{"tests/__init__.py", ""}, {"tests/test_a.py", kUnittest}}) ==
        Commands{"python3 -m unittest discover -v -s tests -t ."});
  CHECK(commands({{"tests/unit/__init__.py", ""}, {"tests/unit/test_a.py", kUnittest}}) ==
        Commands{"python3 -m unittest discover -v -s tests"});
}

TEST_CASE("the log's first line says what was found and how to say otherwise") {
  std::string origin = expanded({{"tests/test_a.py", kUnittest}}).jobs[0].origin;
  CHECK(origin ==
        "No .seaworthy.yml in this revision: found tests/ with Python unittests, so `python3 -m "
        "unittest discover -v -s tests` is run. Put a .seaworthy.yml there to say otherwise.");
}

TEST_CASE("tests of another kind are no Python unittests") {
  CHECK(expanded({{"tests/run.sh", ""}}).decided->verdict == Verdict::Skipped);
  CHECK(expanded({{"tests", "unittest"}}).decided->verdict == Verdict::Skipped);
  CHECK(expanded({{"tests/sub/test_a.py", kUnittest}}).decided->verdict == Verdict::Skipped);
  CHECK(commands({{"tests/test_a.py", "import pytest\n" + kUnittest}}) ==
        Commands{"python3 -m pytest"});
}

TEST_CASE("sources in src can be imported by the tests") {
  Pipeline pipeline = expanded({{"src/a/__init__.py", ""}, {"tests/test_a.py", kUnittest}});
  CHECK(pipeline.jobs[0].env.at("PYTHONPATH") == "src");
}

TEST_CASE("CMake projects are configured, built and tested") {
  CHECK(commands({{"CMakeLists.txt", ""}, {"Makefile", "test:\n"}}) ==
        Commands{"cmake -S . -B build", "cmake --build build -j\"$(nproc)\"",
                 "ctest --test-dir build --output-on-failure"});
}

TEST_CASE("makefiles are used if they have a check or test target") {
  CHECK(commands({{"Makefile", "all:\n\ttrue\ncheck: all\n\ttrue\n"}}) == Commands{"make check"});
  CHECK(commands({{"Makefile", ".PHONY: all\nall test : x\n"}}) == Commands{"make test"});
  CHECK(commands({{"GNUmakefile", "test:\n"}}) == Commands{"make test"});
  for (const char* makefile : {"all:\n", "test := 1\n", ".PHONY: test\n", "#test:\n", "\ttest: x\n",
                               "latest:\n", "test\n"}) {
    INFO(makefile);
    CHECK(expanded({{"Makefile", makefile}}).decided->verdict == Verdict::Skipped);
  }
}

TEST_CASE("npm packages are tested if they have a test script") {
  CHECK(commands({{"package.json", R"({"scripts": {"test": "node t.js"}})"}}) ==
        Commands{"npm test"});
  CHECK(commands(
            {{"package.json", R"({"scripts": {"test": "x"}, "devDependencies": {"y": "1"}})"}}) ==
        Commands{"npm install --no-audit --no-fund", "npm test"});
  CHECK(
      commands({{"package.json", R"({"scripts": {"test": "x"}})"}, {"package-lock.json", "{}"}}) ==
      Commands{"npm ci --no-audit --no-fund", "npm test"});
  for (const char* package :
       {"{}", "[", "[]", "", R"({"scripts": []})", R"({"scripts": {"test": 1}})",
        R"({"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}})"}) {
    INFO(package);
    CHECK(expanded({{"package.json", package}}).decided->verdict == Verdict::Skipped);
  }
}

TEST_CASE("pytest is used where it is mentioned") {
  CHECK(commands({{"pyproject.toml", "[tool.pytest.ini_options]\n"}}) ==
        Commands{"python3 -m pytest"});
  CHECK(commands({{"setup.cfg", "[tool:pytest]\n"}}) == Commands{"python3 -m pytest"});
  CHECK(commands({{"pytest.ini", ""}}) == Commands{"python3 -m pytest"});
  CHECK(expanded({{"pyproject.toml", "[project]\n"}}).decided->verdict == Verdict::Skipped);
}

TEST_CASE("Rust and Go are tested by their own tools") {
  CHECK(commands({{"Cargo.toml", ""}}) == Commands{"cargo test"});
  CHECK(commands({{"go.mod", ""}}) == Commands{"go test ./..."});
}

TEST_CASE("of several conventions the first in the documented order is taken") {
  std::map<std::string, std::string> all{{"tests/test_a.py", kUnittest},
                                         {"CMakeLists.txt", ""},
                                         {"Makefile", "check:\n"},
                                         {"package.json", R"({"scripts": {"test": "x"}})"},
                                         {"pytest.ini", ""},
                                         {"Cargo.toml", ""},
                                         {"go.mod", ""}};
  std::vector<std::pair<std::string, std::string>> order{{"tests/test_a.py", "unittest"},
                                                         {"CMakeLists.txt", "cmake"},
                                                         {"Makefile", "make check"},
                                                         {"package.json", "npm test"},
                                                         {"pytest.ini", "pytest"},
                                                         {"Cargo.toml", "cargo"},
                                                         {"go.mod", "go test"}};
  for (const auto& [file, command] : order) {
    CHECK(commands(all)[0].find(command) != std::string::npos);
    all.erase(file);
  }
}

TEST_CASE(
    "on the default branch, and where nobody knows which it is, no newer build ends older ones") {
  auto cancels = [](const std::string& ref, const std::optional<std::string>& default_branch) {
    Pipeline pipeline;
    pipeline.concurrency = Concurrency{"deploy", true};
    pipeline::keep_builds_of_default_branch(pipeline, ref, default_branch);
    CHECK(pipeline.concurrency->group == "deploy");
    return pipeline.concurrency->cancel_in_progress;
  };
  CHECK(cancels("refs/heads/topic", "refs/heads/main"));
  CHECK_FALSE(cancels("refs/heads/main", "refs/heads/main"));
  CHECK_FALSE(cancels("refs/heads/topic", std::nullopt));
}
