// Finds report files below a workspace and hands over what is in them, in the order of their names.
// Blocks on the disk.
#pragma once

#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace seaworthy::worker::reports {

struct ReportFile {
  size_t kind = 0;   // which list of globs it fits
  std::string path;  // below the workspace
  std::string text;
};

class FileSearch {
 public:
  using Take = std::function<void(ReportFile)>;
  using Note = std::function<void(std::string)>;  // a file that was not read, and why

  FileSearch(std::filesystem::path workspace, std::timespec since)
      : workspace_(std::move(workspace)), since_(since) {}

  // The number of files that fit one of the lists and are new enough, whether they could be read or
  // not.
  size_t run(const std::vector<std::vector<std::string>>& globs, const Take& take,
             const Note& note) const;

 private:
  std::filesystem::path workspace_;
  std::timespec since_;
};

}  // namespace seaworthy::worker::reports
