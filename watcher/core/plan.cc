#include "watcher/core/plan.h"

#include <set>
#include <utility>

namespace seaworthy::watcher {

using Kind = RefWork::Kind;

std::vector<RefWork> plan(const Heads& seen, const Heads& submitted,
                          const std::vector<std::string>& watched) {
  std::vector<RefWork> work;
  for (const std::string& ref : watched)
    if (submitted.contains(ref) && !seen.contains(ref)) work.push_back({Kind::Gone, ref, {}});
  for (const auto& [ref, tip] : seen) {
    auto last = submitted.find(ref);
    if (last != submitted.end() && last->second == tip) continue;
    Kind kind = submitted.empty()         ? Kind::FirstSight
                : last != submitted.end() ? Kind::Moved
                                          : Kind::NewRef;
    work.push_back({kind, ref, tip});
  }
  return work;
}

std::vector<RefWork> plan_of_moved(const Heads& moved, const Heads& submitted) {
  std::vector<RefWork> work;
  for (const auto& [ref, tip] : moved)
    if (auto last = submitted.find(ref); last != submitted.end() && last->second != tip)
      work.push_back({Kind::Moved, ref, tip});
  return work;
}

std::vector<std::string> known_revisions(const RefWork& work, const Heads& submitted) {
  if (work.kind == Kind::Moved) return {submitted.at(work.ref)};
  if (work.kind != Kind::NewRef) return {};
  std::set<std::string> revisions;
  for (const auto& [ref, revision] : submitted) revisions.insert(revision);
  return {revisions.begin(), revisions.end()};
}

std::vector<std::string> choose(const RefWork& work, std::vector<std::string> listed,
                                bool newest_only) {
  if (work.kind == Kind::Gone) return {};
  if (newest_only || listed.empty() || work.kind == Kind::FirstSight) return {work.tip};
  return listed;
}

}  // namespace seaworthy::watcher
