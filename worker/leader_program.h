// LeaderProgram is the program that leads jobs, held open while a worker or a pool runs: who
// replaces the programs of a running worker, as an upgrade does, changes nothing for its jobs.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.h"
#include "shared/io/fd.h"

namespace seaworthy::worker {

class LeaderProgram {
 public:
  // The one beside this process's own program. The error is for people.
  static Result<LeaderProgram> beside_this_program();
  // For a worker of a pool: the pool's path().
  static Result<LeaderProgram> at(const std::filesystem::path& file);

  // By this processes of this user can run it, as long as this object lives.
  std::string path() const;

 private:
  explicit LeaderProgram(io::Fd program) : program_(std::move(program)) {}

  io::Fd program_;
};

}  // namespace seaworthy::worker
