// Rules decide who hears of an event: which targets it concerns, what "change" means, and to whom a
// mail goes. Pure; what came before is looked up in the broker's list of builds, never remembered.
//
// A verdict is bad if it is Failed or Inconclusive, good if Passed or Flaky. Cancelled and Skipped
// say nothing about the code: they are neither a failure nor a change, nor what a change is
// measured by.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reporter/news/core/plan.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::news {

// `*` stands for any text, `?` for one byte.
bool matches_glob(std::string_view glob, std::string_view text);

// "main" of "refs/heads/main", "tags/v1" of "refs/tags/v1".
std::string_view branch_of(std::string_view ref);

// Whether the target may have to say something about the event: asked before the broker is asked
// for more. A forge hears of submitted and of finished builds, all others of finished ones.
bool concerns(const Plan& plan, size_t target, const wire::EventRow& event);

bool is_bad(Verdict verdict);

// Finds what the verdict of a build is to be compared with: that of the newest build before it of
// the same branch that says something and had its verdict when this one got its own. A build is
// overtaken if a newer one had its verdict first: then the branch's state is not this one's to
// tell. Fed with the branch's builds, newest first, in parts.
class LookBack {
 public:
  explicit LookBack(const wire::BuildRow& build) : build_(build) {}
  // False: enough is known.
  bool wants_more() const { return !known_; }
  void feed(const wire::BuildList& newest_first);

  std::optional<Verdict> verdict_before() const { return before_; }
  bool is_overtaken() const { return is_overtaken_; }
  // The branch turned from good to bad or back. A first build is compared with a good one.
  bool is_change() const;

 private:
  wire::BuildRow build_;
  std::optional<Verdict> before_;
  bool is_overtaken_ = false;
  bool known_ = false;
};

struct Telling {
  std::vector<std::string> recipients;  // of a mail, each once
  std::string project;                  // of a forge
  std::vector<std::string> troubles;    // why somebody is not told; for the log
};

// None: no rule wants the target to be told. `back` was fed until it knew.
std::optional<Telling> telling(const Plan& plan, size_t target, const wire::EventRow& event,
                               const wire::BuildRow& build, const LookBack& back);

// "owner/name" of "https://host/owner/name.git", "git@host:owner/name" and the like; empty for a
// path on a disk, which names no project. A forge with groups of groups has longer ones.
std::string project_of(std::string_view repository);

}  // namespace seaworthy::reporter::news
