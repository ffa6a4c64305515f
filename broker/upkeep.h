// Upkeep is the thread that does what nobody waits for and may take seconds: it compresses output
// of attempts that have ended, removes output that is not kept, and finds the builds that are not
// to be kept. It sees only what is durable; readers of output bear that a file is replaced or
// removed.
#pragma once

#include <filesystem>
#include <thread>
#include <variant>
#include <vector>

#include "broker/core/event.h"
#include "broker/filing.h"
#include "broker/handoff.h"
#include "broker/journal/retention.h"

namespace seaworthy::broker {

struct CompressOutput {
  AttemptKey attempt;
  uint64_t extent = 0;
};

// Finished builds that are not to be kept; answered with BuildsExpired. What is durable up to that
// record of the log is seen, so that none is found twice.
struct FindExpired {
  uint64_t record = 0;
};

// Once nobody is told of them any more: when that record is in the tables.
struct RemoveOutput {
  std::vector<AttemptKey> attempts;
  uint64_t record = 0;
};

// Output of builds that were removed just before a crash.
struct SweepOutput {};

using Chore = std::variant<CompressOutput, FindExpired, RemoveOutput, SweepOutput>;

class Upkeep {
 public:
  // `filing` must outlive it.
  Upkeep(const std::filesystem::path& database, std::filesystem::path outputs, const Keep& keep,
         Filing& filing);
  // Does what was submitted, then ends the thread.
  ~Upkeep();

  void submit(Chore chore) { chores_.push(std::move(chore)); }
  std::vector<BuildsExpired> take_expired() { return expired_.take_now(); }
  int fd() const { return expired_.fd(); }

 private:
  void run();
  void perform(const CompressOutput& chore);
  void perform(const FindExpired& chore);
  void perform(const RemoveOutput& chore);
  void perform(const SweepOutput& chore);

  std::filesystem::path outputs_;
  Filing& filing_;
  Retention retention_;
  Handoff<Chore> chores_;
  Handoff<BuildsExpired> expired_;
  std::thread thread_;
};

}  // namespace seaworthy::broker
