#include "reporter/branches.h"

#include <algorithm>

#include "shared/model/limits.h"

namespace seaworthy::reporter {
namespace {

constexpr size_t kBuildsLookedAt = 400;  // the newest; a branch that has none of them is asked for

Result<Done, io::ClientError> add_newest(io::Client& client, const std::string& repository,
                                         Repositories& all) {
  wire::ListBuilds question;
  question.repository = repository;
  for (size_t left = kBuildsLookedAt; left > 0;) {
    question.limit = static_cast<uint32_t>(left);
    auto list = client.ask_for<wire::BuildList>(question);
    if (!list) return Unexpected{list.error()};
    if (list->builds.empty()) break;
    question.before = list->builds.back().rank;
    left -= std::min(left, list->builds.size());
    for (wire::BuildRow& build : list->builds) {
      Branch& branch = all[build.repository][build.ref];
      if (branch.newest.size() < Branch::kNewest) branch.newest.push_back(std::move(build));
    }
  }
  return Done{};
}

// Branches that nobody pushed to for long.
Result<Done, io::ClientError> add_quiet(io::Client& client, Repositories& all) {
  size_t asked = 0;
  for (auto& [name, branches] : all)
    for (auto& [ref, branch] : branches) {
      if (!branch.newest.empty() || asked == limits::kApiRows) continue;
      ++asked;
      wire::ListBuilds question;
      question.repository = name;
      question.ref = ref;
      question.limit = 1;
      auto list = client.ask_for<wire::BuildList>(question);
      if (!list) return Unexpected{list.error()};
      branch.newest = std::move(list->builds);
    }
  return Done{};
}

}  // namespace

const wire::BuildRow* Branch::judged() const {
  const auto found = std::find_if(newest.begin(), newest.end(),
                                  [](const auto& build) { return build.verdict.has_value(); });
  return found == newest.end() ? nullptr : &*found;
}

Result<Repositories, io::ClientError> ask_repositories(io::Client& client,
                                                       const std::string& repository) {
  Repositories all;
  auto heads = client.ask_for<wire::HeadList>(wire::ListHeads{repository, ""});
  if (!heads) return Unexpected{heads.error()};
  for (const wire::Head& head : heads->heads) all[head.repository][head.ref].head = head.revision;
  if (auto added = add_newest(client, repository, all); !added) return Unexpected{added.error()};
  if (auto added = add_quiet(client, all); !added) return Unexpected{added.error()};
  return all;
}

}  // namespace seaworthy::reporter
