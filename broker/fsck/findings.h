// Findings collects what a look at a store found: by check, the first kKept of each and the count
// of the rest, so that a store in ruins costs no more memory than a sound one. Notes are what a
// person may want to know and nothing is wrong with. Texts come from the store and may hold any
// bytes; whoever prints them makes them harmless (print.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "broker/fsck/check.h"

namespace seaworthy::fsck {

// As stored, so of any value; 0: does not apply.
struct Where {
  int64_t build = 0;
  int64_t job = 0;
  int64_t attempt = 0;
};

struct Finding {
  Where where;
  std::string wrong;
};

// What one check found.
struct Findings {
  static constexpr size_t kKept = 50;
  static constexpr size_t kTextBytes = 500;

  const Check* check = nullptr;
  std::vector<Finding> first;  // at most kKept
  uint64_t count = 0;

  void add(const Where& where, std::string wrong) {
    if (++count > kKept) return;
    wrong.resize(std::min(wrong.size(), kTextBytes));
    first.push_back({where, std::move(wrong)});
  }
};

struct Counts {
  uint64_t builds = 0;
  uint64_t jobs = 0;
  uint64_t attempts = 0;
  uint64_t events = 0;
  uint64_t output_bytes = 0;  // looked at, unpacked
};

struct Report {
  Counts checked;
  std::vector<Findings> findings;       // of checks that found something
  std::vector<std::string> notes;       // nothing is wrong
  std::vector<std::string> not_looked;  // could not be checked, and why

  Findings& of(const Check& check) {
    for (Findings& one : findings)
      if (one.check == &check) return one;
    findings.push_back({&check, {}, 0});
    return findings.back();
  }
  uint64_t count() const {
    uint64_t sum = 0;
    for (const Findings& one : findings) sum += one.count;
    return sum;
  }
};

}  // namespace seaworthy::fsck
