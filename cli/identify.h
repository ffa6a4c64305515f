// What people may write for a build or a job: a build's number or the beginning of its revision; a
// job's number, or BUILD/NAME. The broker is asked what that is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/io/client.h"
#include "shared/wire/message.h"

namespace seaworthy::cli {

// Decimal digits only, above 0.
std::optional<uint64_t> parse_number(std::string_view text);
// 4 to 64 hex digits, of either case.
bool is_revision_prefix(std::string_view text);

struct JobPath {
  std::string build;
  std::string name;
};
// "12/test": what stands before the first slash, and after it.
std::optional<JobPath> parse_job_path(std::string_view text);

struct LookupError {
  enum class Kind : uint8_t {
    NotYet,    // a revision, of which there is no build (yet)
    Nothing,   // no such thing, and waiting would not help
    NoAnswer,  // the broker did not say
  };
  Kind kind = Kind::Nothing;
  std::string message;
};

// A number is a build if there is one of that number, else it is tried as a revision. Of a revision
// it is the newest build.
Result<wire::BuildDetail, LookupError> find_build(io::Client& client, const std::string& text,
                                                  bool with_specifications = false);

struct FoundJob {
  wire::BuildDetail detail;  // of its build
  size_t index = 0;          // in detail.jobs
  const wire::JobRow& job() const { return detail.jobs[index]; }
};

Result<FoundJob, LookupError> find_job(io::Client& client, const std::string& text,
                                       bool with_specifications = false);

}  // namespace seaworthy::cli
