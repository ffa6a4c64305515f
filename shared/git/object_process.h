// ObjectProcess is one `git cat-file` that answers for many objects: ten thousand commits are read
// in a second, where a process for each would take a minute. Started on the first question,
// and again when it died. One thread; blocks until git answers, at most kAnswerTime.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/io/fd.h"
#include "shared/io/process.h"

namespace seaworthy::git {

class ObjectProcess {
 public:
  // `environment` is added to that of all git programs.
  explicit ObjectProcess(std::filesystem::path git_directory,
                         std::vector<std::string> environment = {});
  ~ObjectProcess();
  ObjectProcess(const ObjectProcess&) = delete;
  ObjectProcess& operator=(const ObjectProcess&) = delete;

  // The content of the object, which `id` names in full; none if it is larger than `most_bytes`,
  // an error if there is no such object.
  Result<std::optional<std::string>> read(const std::string& id, size_t most_bytes);

 private:
  Result<Done> start();
  void stop();
  // One question, one answer's first line.
  Result<std::string> ask(const std::string& question);
  Result<Done> receive_until(size_t bytes);
  Result<std::optional<std::string>> try_read(const std::string& id, size_t most_bytes);

  std::filesystem::path git_directory_;
  std::vector<std::string> environment_;
  io::Child child_;
  io::Fd socket_;         // its stdin and stdout
  std::string received_;  // and not yet taken
};

}  // namespace seaworthy::git
