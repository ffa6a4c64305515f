// Planning: the heads seen in a repository, and those last submitted, -> which revisions of which
// ref to submit. What was last submitted is the broker's knowledge (AdvanceHead), so a watcher that
// lost its disk plans the same, and two watchers plan the same twice, which the broker notices.
//
//   first sight    nothing of the repository was ever submitted: the tip of each ref
//   moved          every commit between the last one submitted and the tip; after a force push
//                  these are the commits that the old tip did not have
//   new ref        every commit that no submitted head of the repository has
//   gone           nothing; the broker forgets the head, so that a ref made again is a new ref
//
// The tip of a ref that moved or is new is always submitted, even if no commit of it is new: it may
// never have been built for this ref, and if it was, the broker says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace seaworthy::watcher {

// Ref -> revision.
using Heads = std::map<std::string, std::string>;

struct RefWork {
  enum class Kind : uint8_t { FirstSight, NewRef, Moved, Gone };
  Kind kind = Kind::FirstSight;
  std::string ref;
  std::string tip;  // empty if gone
  bool operator==(const RefWork&) const = default;
};

// `submitted`: all heads of the repository; `watched`: those of its refs that this watcher looks
// at. In the order of the refs' names, gone ones first, so that a ref that was renamed is new.
std::vector<RefWork> plan(const Heads& seen, const Heads& submitted,
                          const std::vector<std::string>& watched);

// Of refs that were heard of, and nothing is known of the others: those that are not where they
// were when they were submitted.
std::vector<RefWork> plan_of_moved(const Heads& moved, const Heads& submitted);

// The revisions whose history the ref's new commits are not in; empty: only the tip is asked for.
std::vector<std::string> known_revisions(const RefWork& work, const Heads& submitted);

// What to submit, newest first, out of the new commits of the ref that git listed.
std::vector<std::string> choose(const RefWork& work, std::vector<std::string> listed,
                                bool newest_only);

}  // namespace seaworthy::watcher
