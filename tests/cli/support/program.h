// Running the real `seaworthy`, git and scripts, in temporary folders.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/process.h"
#include "tests/support/folder.h"

namespace seaworthy::test {

using Words = std::vector<std::string>;

// The program under test.
std::filesystem::path seaworthy_binary();

// To its end, without SEAWORTHY_… variables of the surroundings; `environment` is added.
io::CommandResult run_seaworthy(const Words& arguments, const Words& environment = {});
// Aborts the test if it fails; what it printed, without the last newline.
std::string run_or_fail(const Words& argv, const std::string& input = "");

// Polls until it holds; false after three minutes.
bool eventually(const std::function<bool()>& condition);

void write_file(const std::filesystem::path& file, const std::string& text);
void write_script(const std::filesystem::path& file, const std::string& text);

class TemporaryFolder : public Folder {
 public:
  std::string operator/(const std::string& name) const { return (path() / name).string(); }
};

// A repository with one commit on branch main, and an identity to commit with.
void make_repository(const std::string& directory);

}  // namespace seaworthy::test
