#include "shared/pipeline/detect.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shared/model/limits.h"
#include "shared/pipeline/parse.h"

namespace seaworthy::pipeline {
namespace {

constexpr size_t kLookedIntoBytes = 256 * 1024;
constexpr size_t kTestFiles = 64;   // looked into
constexpr size_t kTestFolders = 3;  // below each other

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The root of a revision, listed once.
class Root {
 public:
  explicit Root(RevisionFiles& files) : files_(files), entries_(files.list("")) {}
  bool has_file(std::string_view name) const { return has(name, false); }
  bool has_directory(std::string_view name) const { return has(name, true); }
  std::string read(std::string_view name) const {
    if (!has_file(name)) return {};
    return files_.read(std::string(name), kLookedIntoBytes).value_or(std::string());
  }
  RevisionFiles& files() const { return files_; }

 private:
  bool has(std::string_view name, bool directory) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const RevisionFiles::Entry& entry) {
      return entry.name == name && entry.directory == directory;
    });
  }

  RevisionFiles& files_;
  std::vector<RevisionFiles::Entry> entries_;
};

JobSpec job_of(const std::vector<std::pair<std::string, std::string>>& steps,
               const std::string& found) {
  JobSpec job;
  job.name = kOnlyJob;
  job.timeout = limits::kDefaultTimeout;
  std::string commands;
  for (const auto& [name, run] : steps) {
    job.steps.push_back({name, run, {}});
    commands.append(commands.empty() ? "`" : ", then `").append(run).append("`");
  }
  job.origin = "No .seaworthy.yml in this revision: found " + found + ", so " + commands +
               " is run. " + "Put a .seaworthy.yml there to say otherwise.";
  return job;
}

// What the files that unittest would find by their names have inside.
struct PythonTests {
  size_t files = 0;
  bool unittest = false;
  bool pytest = false;
};

void look_for_python_tests(RevisionFiles& files, const std::string& directory, size_t depth,
                           PythonTests& found) {
  std::vector<RevisionFiles::Entry> entries = files.list(directory);
  for (const auto& entry : entries) {
    const std::string path = directory + "/" + entry.name;
    if (!entry.directory && entry.name == "conftest.py") found.pytest = true;
    if (entry.directory || !entry.name.starts_with("test") || !entry.name.ends_with(".py"))
      continue;
    if (++found.files > kTestFiles) return;
    std::string text = files.read(path, kLookedIntoBytes).value_or(std::string());
    found.unittest = found.unittest || contains(text, "unittest") || contains(text, "TestCase");
    found.pytest = found.pytest || contains(text, "import pytest") || contains(text, "from pytest");
  }
  if (depth == 0) return;
  // unittest goes into packages only.
  for (const auto& entry : entries) {
    if (!entry.directory) continue;
    const std::string path = directory + "/" + entry.name;
    for (const auto& inside : files.list(path))
      if (inside.name == "__init__.py") look_for_python_tests(files, path, depth - 1, found);
  }
}

std::optional<JobSpec> detect_unittest(const Root& root) {
  if (!root.has_directory("tests")) return std::nullopt;
  PythonTests found;
  look_for_python_tests(root.files(), "tests", kTestFolders, found);
  if (!found.unittest || found.pytest) return std::nullopt;
  bool package = false;
  for (const auto& entry : root.files().list("tests"))
    package = package || entry.name == "__init__.py";
  // With the root as top-level directory the tests of a package may import from each other.
  JobSpec job = job_of({{"unittest", package ? "python3 -m unittest discover -v -s tests -t ."
                                             : "python3 -m unittest discover -v -s tests"}},
                       "tests/ with Python unittests");
  if (root.has_directory("src")) job.env["PYTHONPATH"] = "src";
  return job;
}

std::optional<JobSpec> detect_cmake(const Root& root) {
  if (!root.has_file("CMakeLists.txt")) return std::nullopt;
  return job_of({{"configure", "cmake -S . -B build"},
                 {"build", "cmake --build build -j\"$(nproc)\""},
                 {"test", "ctest --test-dir build --output-on-failure"}},
                "CMakeLists.txt");
}

// Whether a line of the makefile has `target` before its colon.
bool has_target(std::string_view makefile, std::string_view target) {
  while (!makefile.empty()) {
    std::string_view line = makefile.substr(0, makefile.find('\n'));
    makefile.remove_prefix(std::min(makefile.size(), line.size() + 1));
    if (line.starts_with('\t') || line.starts_with('#')) continue;
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view after = line.substr(colon);
    if (after.starts_with(":=") || after.starts_with("::=")) continue;
    std::string names = " " + std::string(line.substr(0, colon)) + " ";
    if (contains(names, " " + std::string(target) + " ")) return true;
  }
  return false;
}

std::optional<JobSpec> detect_make(const Root& root) {
  for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {  // the order of make
    if (!root.has_file(name)) continue;
    std::string makefile = root.read(name);
    for (const char* target : {"check", "test"})
      if (has_target(makefile, target))
        return job_of({{std::string("make ") + target, std::string("make ") + target}},
                      std::string(name) + " with a " + target + " target");
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<JobSpec> detect_npm(const Root& root) {
  auto package = nlohmann::json::parse(root.read("package.json"), nullptr, false);
  if (!package.is_object() || !package.contains("scripts") || !package["scripts"].is_object())
    return std::nullopt;
  const auto& scripts = package["scripts"];
  if (!scripts.contains("test") || !scripts["test"].is_string()) return std::nullopt;
  // What `npm init` writes where there is no test.
  if (contains(scripts["test"].get_ref<const std::string&>(), "no test specified"))
    return std::nullopt;
  std::vector<std::pair<std::string, std::string>> steps;
  bool needs_some = false;
  for (const char* key : {"dependencies", "devDependencies"})
    needs_some = needs_some || (package.contains(key) && !package[key].empty());
  if (root.has_file("package-lock.json") || root.has_file("npm-shrinkwrap.json"))
    steps.emplace_back("install", "npm ci --no-audit --no-fund");
  else if (needs_some)
    steps.emplace_back("install", "npm install --no-audit --no-fund");
  steps.emplace_back("test", "npm test");
  return job_of(steps, "package.json with a test script");
}

std::optional<JobSpec> detect_pytest(const Root& root) {
  std::string found;
  for (const char* name : {"pyproject.toml", "setup.cfg", "tox.ini"})
    if (found.empty() && contains(root.read(name), "pytest"))
      found = std::string(name) + " that mentions pytest";
  if (root.has_file("pytest.ini")) found = "pytest.ini";
  if (found.empty() && root.has_directory("tests")) {
    PythonTests tests;
    look_for_python_tests(root.files(), "tests", kTestFolders, tests);
    if (tests.pytest) found = "tests/ that use pytest";
  }
  if (found.empty()) return std::nullopt;
  return job_of({{"pytest", "python3 -m pytest"}}, found);
}

std::optional<JobSpec> detect_cargo(const Root& root) {
  if (!root.has_file("Cargo.toml")) return std::nullopt;
  return job_of({{"test", "cargo test"}}, "Cargo.toml");
}

std::optional<JobSpec> detect_go(const Root& root) {
  if (!root.has_file("go.mod")) return std::nullopt;
  return job_of({{"test", "go test ./..."}}, "go.mod");
}

}  // namespace

std::optional<JobSpec> detect(RevisionFiles& files) {
  constexpr std::array kInOrder{detect_unittest, detect_cmake, detect_make, detect_npm,
                                detect_pytest,   detect_cargo, detect_go};
  Root root(files);
  for (auto* convention : kInOrder)
    if (auto job = convention(root)) return job;
  return std::nullopt;
}

}  // namespace seaworthy::pipeline
