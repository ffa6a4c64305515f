// Spool keeps what a worker may not lose before its broker has it: one directory JOB.ATTEMPT per
// attempt below the spool's root, with
//   assignment   the Assign as it came (wire::encode: header, then body)
//   output       what the attempt wrote, see output.h
//   times        when it wrote that, see shared/io/times_file.h; may be missing
//   outcome      the AttemptFinished without a boot; it exists only once the attempt has ended
// All of it outlives the processes at once. It outlives the machine when make_durable() was called,
// which is for outcomes that the broker has not taken yet: a machine that dies before that has lost
// a job in its last moment, and another one runs it.
// The worker and the attempt's leader both use it; each file has one writer (assignment: worker;
// output, times, outcome: leader, or the worker when the leader is dead). Errors say what could not
// be done.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/ids.h"
#include "shared/base/result.h"
#include "shared/wire/message.h"

namespace seaworthy::worker {

// One attempt's directory.
class SpoolEntry {
 public:
  explicit SpoolEntry(std::filesystem::path directory) : directory_(std::move(directory)) {}

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path output_file() const { return directory_ / "output"; }
  std::filesystem::path times_file() const { return directory_ / "times"; }

  Result<wire::Assign> assignment() const;
  // None while it has not ended; an unreadable outcome is an error.
  Result<std::optional<wire::AttemptFinished>> outcome() const;
  Result<Done> write_outcome(const wire::AttemptFinished& outcome) const;
  // Output and outcome; nothing to do if the broker has them and the entry is gone.
  Result<Done> make_durable() const;
  uint64_t output_bytes() const;
  // Exactly `size` bytes at `offset`.
  Result<std::string> read_output(uint64_t offset, size_t size) const;

 private:
  std::filesystem::path directory_;
};

class Spool {
 public:
  explicit Spool(std::filesystem::path root) : root_(std::move(root)) {}

  // Makes the directory anew and writes the assignment. Not durable: an attempt without an outcome
  // is not resumed.
  Result<SpoolEntry> create(const wire::Assign& assign) const;
  SpoolEntry entry(AttemptKey key) const;
  void discard(AttemptKey key) const;

  // At start: outcomes that are still to be reported, by attempt. Everything else is removed.
  std::vector<wire::AttemptFinished> recover() const;

 private:
  std::filesystem::path root_;
};

// "17.2", the directory's name for an attempt, in spool and work.
std::string directory_name(AttemptKey key);

}  // namespace seaworthy::worker
