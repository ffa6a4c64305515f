#include "reporter/news/core/rules.h"

#include <algorithm>

#include "reporter/news/core/address.h"
#include "shared/model/limits.h"

namespace seaworthy::reporter::news {
namespace {

bool is_decisive(Verdict verdict) {
  return verdict != Verdict::Cancelled && verdict != Verdict::Skipped;
}

bool matches(const Rule& rule, size_t target, const wire::EventRow& event) {
  const std::string_view branch = branch_of(event.ref);
  return rule.target == target && matches_glob(rule.repository, event.repository) &&
         std::any_of(rule.branches.begin(), rule.branches.end(),
                     [&](const std::string& glob) { return matches_glob(glob, branch); });
}

bool is_wanted(When when, const wire::BuildRow& build, const LookBack& back) {
  if (!build.verdict) return true;  // only a forge hears of builds without one
  switch (when) {
    case When::Failure: return is_bad(*build.verdict);
    case When::Change: return back.is_change();
    case When::Always: return true;
  }
  return true;
}

void add_once(std::vector<std::string>& to, const std::string& address) {
  if (std::find(to.begin(), to.end(), address) == to.end()) to.push_back(address);
}

void add_recipients(const Rule& rule, const wire::BuildRow& build, Telling& telling) {
  for (const std::string& address : rule.to) add_once(telling.recipients, address);
  if (!rule.to_author) return;
  const std::string author = address_in(build.author);
  if (is_address(author))
    add_once(telling.recipients, author);
  else
    telling.troubles.push_back(
        "the commit's author has no address that a mail can be sent to: nobody but the other "
        "recipients is told");
}

}  // namespace

bool matches_glob(std::string_view glob, std::string_view text) {
  size_t at = 0, in = 0;
  size_t star = std::string_view::npos, resume = 0;  // the last `*`, and what it was tried up to
  while (in < text.size()) {
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      resume = in;
    } else if (at < glob.size() && (glob[at] == '?' || glob[at] == text[in])) {
      ++at, ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++resume;
    } else {
      return false;
    }
  }
  return glob.substr(at).find_first_not_of('*') == std::string_view::npos;
}

std::string_view branch_of(std::string_view ref) {
  for (std::string_view prefix : {"refs/heads/", "refs/"})
    if (ref.starts_with(prefix)) return ref.substr(prefix.size());
  return ref;
}

bool concerns(const Plan& plan, size_t target, const wire::EventRow& event) {
  const bool is_heard =
      event.kind == wire::EventKind::BuildFinished ||
      (event.kind == wire::EventKind::BuildSubmitted && is_forge(plan.targets[target].kind));
  return is_heard && std::any_of(plan.rules.begin(), plan.rules.end(),
                                 [&](const Rule& rule) { return matches(rule, target, event); });
}

bool is_bad(Verdict verdict) {
  return verdict == Verdict::Failed || verdict == Verdict::Inconclusive;
}

void LookBack::feed(const wire::BuildList& newest_first) {
  for (const wire::BuildRow& row : newest_first.builds) {
    if (known_) return;
    const bool told = row.verdict && is_decisive(*row.verdict) && row.build != build_.build &&
                      row.finished <= build_.finished;
    if (!told) continue;
    if (row.rank > build_.rank)
      is_overtaken_ = true;
    else
      before_ = row.verdict;
    known_ = true;
  }
  if (newest_first.builds.empty()) known_ = true;
}

bool LookBack::is_change() const {
  if (is_overtaken_ || !build_.verdict || !is_decisive(*build_.verdict)) return false;
  return is_bad(*build_.verdict) != (before_ && is_bad(*before_));
}

std::optional<Telling> telling(const Plan& plan, size_t target, const wire::EventRow& event,
                               const wire::BuildRow& build, const LookBack& back) {
  const Kind kind = plan.targets[target].kind;
  std::optional<Telling> result;
  for (const Rule& rule : plan.rules) {
    if (!matches(rule, target, event) || !is_wanted(rule.when, build, back)) continue;
    if (!result) result.emplace();
    if (kind == Kind::Mail) add_recipients(rule, build, *result);
    if (is_forge(kind) && result->project.empty())
      result->project = rule.project.empty() ? project_of(build.repository) : rule.project;
  }
  if (result && result->recipients.size() > limits::kMailRecipients) {
    result->recipients.resize(limits::kMailRecipients);
    result->troubles.push_back("more than " + std::to_string(limits::kMailRecipients) +
                               " addresses are to get one mail: the others get none");
  }
  return result;
}

std::string project_of(std::string_view repository) {
  size_t start = 0;
  if (const size_t scheme = repository.find("://"); scheme != std::string_view::npos) {
    if (repository.starts_with("file:")) return "";
    start = repository.find('/', scheme + 3);
    if (start == std::string_view::npos) return "";
    ++start;
  } else {  // HOST:PATH, as ssh takes it
    const size_t colon = repository.find(':');
    if (colon == std::string_view::npos || repository.substr(0, colon).find('/') < colon) return "";
    start = colon + 1;
  }
  std::string_view path = repository.substr(start);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.find('/') == std::string_view::npos ? "" : std::string(path);
}

}  // namespace seaworthy::reporter::news
