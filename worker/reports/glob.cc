#include "worker/reports/glob.h"

#include <algorithm>

namespace seaworthy::worker::reports {
namespace {

constexpr std::string_view kAnyDepth = "**";

std::vector<std::string> parts_of(std::string_view pattern) {
  std::vector<std::string> parts;
  while (!pattern.empty()) {
    const size_t slash = std::min(pattern.find('/'), pattern.size());
    const std::string_view part = pattern.substr(0, slash);
    const bool repeated = part == kAnyDepth && !parts.empty() && parts.back() == kAnyDepth;
    if (!part.empty() && part != "." && !repeated) parts.emplace_back(part);
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
  }
  return parts;
}

// Goes back to the last `*` only: no pattern takes longer than its length times the name's.
bool matches_part(std::string_view part, std::string_view name) {
  size_t at = 0, in = 0, star = std::string_view::npos, after_star = 0;
  while (in < name.size()) {
    if (at < part.size() && part[at] == '*') {
      star = at++;
      after_star = in;
    } else if (at < part.size() && (part[at] == '?' || part[at] == name[in])) {
      ++at, ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++after_star;
    } else {
      return false;
    }
  }
  return std::all_of(part.begin() + static_cast<std::ptrdiff_t>(at), part.end(),
                     [](char c) { return c == '*'; });
}

}  // namespace

Globs::Globs(const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns)
    if (auto parts = parts_of(pattern); !parts.empty()) patterns_.push_back(std::move(parts));
}

void Globs::reach(State& state, size_t pattern, size_t part) const {
  const Reached reached{pattern, part};
  if (part >= patterns_[pattern].size() ||
      std::find(state.begin(), state.end(), reached) != state.end())
    return;
  state.push_back(reached);
  if (patterns_[pattern][part] == kAnyDepth) reach(state, pattern, part + 1);
}

Globs::State Globs::start() const {
  State state;
  for (size_t pattern = 0; pattern < patterns_.size(); ++pattern) reach(state, pattern, 0);
  return state;
}

Globs::State Globs::enter(const State& state, std::string_view name) const {
  State next;
  for (const Reached& one : state) {
    const std::string& part = patterns_[one.pattern][one.part];
    if (part == kAnyDepth)
      reach(next, one.pattern, one.part);
    else if (matches_part(part, name))
      reach(next, one.pattern, one.part + 1);
  }
  return next;
}

bool Globs::matches(const State& state, std::string_view name) const {
  return std::any_of(state.begin(), state.end(), [&](const Reached& one) {
    const auto& parts = patterns_[one.pattern];
    return one.part + 1 == parts.size() &&
           (parts[one.part] == kAnyDepth || matches_part(parts[one.part], name));
  });
}

}  // namespace seaworthy::worker::reports
