// A real repository in a temporary directory, for tests: commits, branches and whatever else git
// can do to it. Removes itself. Fails the test when git does.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "shared/io/process.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"

namespace seaworthy::test {

using TemporaryDirectory = Folder;

class TestRepository {
 public:
  explicit TestRepository(std::filesystem::path directory,
                          const std::vector<std::string>& init_options = {})
      : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
    std::vector<std::string> arguments{"init", "--quiet", "--initial-branch=main"};
    arguments.insert(arguments.end(), init_options.begin(), init_options.end());
    git(arguments);
  }

  // What git printed, without the last newline.
  std::string git(const std::vector<std::string>& arguments, const std::string& input = {}) const {
    io::Command command;
    command.argv = {"git",
                    "-c",
                    "user.name=A. Author",
                    "-c",
                    "user.email=author@example.org",
                    "-c",
                    "commit.gpgsign=false"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.directory = directory_;
    command.input = input;
    auto result = io::run(command);
    REQUIRE(result);
    INFO("git " << arguments.front() << ": " << result->error);
    REQUIRE(result->exit_code == 0);
    if (result->output.ends_with('\n')) result->output.pop_back();
    return result->output;
  }

  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << content;
  }

  // Commits all files; returns the revision.
  std::string commit(const std::string& subject) const {
    git({"add", "--all"});
    git({"commit", "--quiet", "--allow-empty", "-m", subject});
    return tip();
  }
  std::string tip(const std::string& of = "HEAD") const { return git({"rev-parse", of}); }

  // Adds `count` empty commits to `ref` at once; returns them newest first.
  std::vector<std::string> commit_many(size_t count, const std::string& ref) const {
    std::string stream;
    for (size_t i = 1; i <= count; ++i) {
      std::string message = "commit " + std::to_string(i);
      stream += "commit " + ref + "\ncommitter A. Author <author@example.org> " +
                std::to_string(1'700'000'000 + i) + " +0000\ndata " +
                std::to_string(message.size()) + "\n" + message + "\n";
      if (i == 1 && !git({"for-each-ref", ref}).empty()) stream += "from " + ref + "^0\n";
    }
    git({"fast-import", "--quiet", "--force"}, stream);
    std::vector<std::string> revisions;
    std::string listed =
        git({"rev-list", "--topo-order", "--max-count=" + std::to_string(count), ref});
    for (size_t start = 0; start < listed.size(); start += 41)
      revisions.push_back(listed.substr(start, 40));
    return revisions;
  }

  const std::filesystem::path& directory() const { return directory_; }
  std::string name() const { return directory_.string(); }

 private:
  std::filesystem::path directory_;
};

}  // namespace seaworthy::test
