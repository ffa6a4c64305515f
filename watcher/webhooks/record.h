// DeliveryRecord keeps which deliveries were taken, durably: one that comes again, from a forge
// that missed our answer or from somebody who listened, does nothing. It is also what an operator
// looks at: a file of lines "TIME FORGE DIGEST REPOSITORY". The newest kKept are remembered, and of
// the file at most twice as many lines are kept.
//
// That the repository is looked at needs no record: a watcher that starts looks at all of them.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <unordered_set>

#include "shared/base/result.h"
#include "shared/base/time.h"
#include "shared/io/fd.h"
#include "watcher/webhooks/delivery.h"

namespace seaworthy::watcher {

class DeliveryRecord {
 public:
  static constexpr size_t kKept = 10'000;

  // Reads what was recorded before; a last line that was cut by a crash counts as none.
  static Result<DeliveryRecord> open(const std::filesystem::path& file);

  bool has(const std::string& digest) const { return known_.contains(digest); }
  // Durable when it returns; the error says what could not be written, and then it is not known.
  Result<Done> add(const Delivery& delivery, const std::string& repository, UnixMillis at);

 private:
  explicit DeliveryRecord(std::filesystem::path file) : file_(std::move(file)) {}
  void remember(std::string line, std::string digest);
  Result<Done> rewrite();

  struct Line {
    std::string text;
    std::string digest;
  };
  std::filesystem::path file_;
  io::Fd fd_;
  std::deque<Line> lines_;  // the newest last
  std::unordered_set<std::string> known_;
  size_t lines_in_file_ = 0;
};

}  // namespace seaworthy::watcher
