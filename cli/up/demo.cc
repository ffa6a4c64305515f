#include "cli/up/demo.h"

#include <fstream>
#include <string>
#include <vector>

#include "cli/local_git.h"

namespace seaworthy::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReadme = R"(# Tide

Says whether a ship can leave the harbour. A demonstration for Seaworthy: the tests pass on the
branch `main` and fail on the branch `broken`.
)";
constexpr std::string_view kProgram = R"(def can_leave(depth_m, draught_m):
    """A ship can leave if there is water under its keel."""
    return depth_m > draught_m
)";
constexpr std::string_view kBrokenProgram = R"(def can_leave(depth_m, draught_m):
    """A ship can leave if there is water under its keel."""
    return depth_m < draught_m
)";
constexpr std::string_view kTests = R"(import unittest

from tide import can_leave


class TideTest(unittest.TestCase):
    def test_a_ship_leaves_at_high_tide(self):
        self.assertTrue(can_leave(depth_m=9.5, draught_m=7.0))

    def test_a_ship_stays_at_low_tide(self):
        self.assertFalse(can_leave(depth_m=5.5, draught_m=7.0))


if __name__ == "__main__":
    unittest.main()
)";

class Making {
 public:
  explicit Making(fs::path directory) : directory_(std::move(directory)) {}

  void git(const std::vector<std::string>& words) {
    if (!problem_.empty()) return;
    auto answer = ask_git(directory_.string(), words);
    if (!answer) problem_ = "git " + words.front() + ": " + answer.error();
  }

  void write(const std::string& name, std::string_view text) {
    if (!problem_.empty()) return;
    std::error_code error;
    fs::create_directories((directory_ / name).parent_path(), error);
    std::ofstream file(directory_ / name, std::ios::binary);
    file << text;
    if (!file.flush()) problem_ = "cannot write " + (directory_ / name).string();
  }

  const std::string& problem() const { return problem_; }

 private:
  fs::path directory_;
  std::string problem_;
};

std::string make_in(const fs::path& directory) {
  Making demo(directory);
  demo.git({"init", "--quiet", "--initial-branch=main"});
  demo.git({"config", "user.name", "Seaworthy demonstration"});
  demo.git({"config", "user.email", "demonstration@localhost"});
  demo.git({"config", "commit.gpgsign", "false"});
  // Else a hooks folder that the user shares between repositories would be written to.
  demo.git({"config", "core.hooksPath", ".git/hooks"});
  demo.write("README.md", kReadme);
  demo.write("tide.py", kProgram);
  demo.write("tests/__init__.py", "");
  demo.write("tests/test_tide.py", kTests);
  demo.git({"add", "."});
  demo.git({"commit", "--quiet", "--message", "Say whether a ship can leave"});
  demo.git({"checkout", "--quiet", "-b", "broken"});
  demo.write("tide.py", kBrokenProgram);
  demo.git({"commit", "--quiet", "--all", "--message", "Turn the tide the wrong way round"});
  demo.git({"checkout", "--quiet", "main"});
  return demo.problem();
}

}  // namespace

Result<Done> make_demonstration(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory / ".git", error)) return Done{};
  fs::path beside = directory;
  beside += ".new";
  fs::remove_all(beside, error);
  fs::create_directories(beside, error);
  std::string problem = error ? error.message() : make_in(beside);
  if (problem.empty()) {
    fs::rename(beside, directory, error);
    if (error) problem = error.message();
  }
  if (!problem.empty())
    return Unexpected{"cannot make the demonstration repository " + directory.string() + ": " +
                      problem};
  return Done{};
}

}  // namespace seaworthy::cli
