#include "shared/git/new_revisions.h"

#include <algorithm>

#include "shared/git/command.h"

namespace seaworthy::git {
namespace {

// Those that are commits in the mirror, asked of one git process.
Result<std::vector<std::string>> present(const Mirror& mirror,
                                         const std::vector<std::string>& revisions,
                                         const GitLimits& limits) {
  std::string input;
  for (const std::string& revision : revisions)
    if (is_object_id(revision)) input += revision + "^{commit}\n";
  std::vector<std::string> found;
  if (input.empty()) return found;
  auto checked = run_git(mirror.directory(), {"cat-file", "--batch-check=%(objectname) commit"},
                         limits, input, mirror.environment_for_reading());
  if (!checked) return Unexpected{checked.error()};
  // A line of what is missing ends in "missing" instead.
  size_t start = 0;
  while (start < checked->output.size()) {
    size_t end = std::min(checked->output.find('\n', start), checked->output.size());
    std::string line = checked->output.substr(start, end - start);
    start = end + 1;
    size_t space = line.find(' ');
    if (line.ends_with(" commit") && is_object_id(line.substr(0, space)))
      found.push_back(line.substr(0, space));
  }
  return found;
}

}  // namespace

Result<std::vector<std::string>> new_revisions(const Mirror& mirror, const std::string& tip,
                                               const std::vector<std::string>& submitted,
                                               const GitLimits& limits) {
  auto known = present(mirror, submitted, limits);
  if (!known) return known;
  if (known->empty()) return std::vector<std::string>{tip};
  std::string input = tip + "\n";
  for (const std::string& revision : *known) input += "^" + revision + "\n";
  auto listed = run_git(mirror.directory(), {"rev-list", "--topo-order", "--stdin"}, limits, input,
                        mirror.environment_for_reading());
  if (!listed || listed->exit_code != 0)
    return Unexpected{"cannot list the new commits up to " + tip + " of " + mirror.repository() +
                      ": " + (listed ? last_words(*listed) : listed.error()) +
                      "; if this stays, delete the mirror " + mirror.directory().string()};
  std::vector<std::string> revisions;
  size_t start = 0;
  while (start < listed->output.size()) {
    size_t end = std::min(listed->output.find('\n', start), listed->output.size());
    revisions.push_back(listed->output.substr(start, end - start));
    start = end + 1;
  }
  return revisions;
}

}  // namespace seaworthy::git
