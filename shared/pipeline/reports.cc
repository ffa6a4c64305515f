#include "shared/pipeline/reports.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shared/model/limits.h"

namespace seaworthy::pipeline {
namespace {

using Kind = YamlNode::Kind;

// Reports lie below the workspace: everything else is not the job's.
bool leads_out(std::string_view glob) {
  if (glob.starts_with('/') || glob.starts_with('~')) return true;
  while (!glob.empty()) {
    const size_t slash = std::min(glob.find('/'), glob.size());
    if (glob.substr(0, slash) == "..") return true;
    glob.remove_prefix(std::min(slash + 1, glob.size()));
  }
  return false;
}

Parsed<std::vector<std::string>> parse_globs(const YamlNode& map, const std::string& name) {
  std::vector<std::string> globs;
  const YamlEntry* entry = find(map, name);
  if (entry == nullptr) return globs;
  std::vector<YamlNode> one;
  if (entry->value.kind == Kind::Text) one.push_back(entry->value);
  if (entry->value.kind != Kind::Text && entry->value.kind != Kind::List)
    return wrong_type(entry->value, name + " in reports", "a glob of files, or a list of globs");
  const std::vector<YamlNode>& items = one.empty() ? entry->value.items : one;
  if (items.empty())
    return wrong(entry->value.at, name + " in reports is empty; write a glob, or remove it");
  if (items.size() > limits::kReportGlobs)
    return wrong(items[limits::kReportGlobs].at,
                 name + " has at most " + std::to_string(limits::kReportGlobs) +
                     " globs; ** stands for any number of directories");
  for (const YamlNode& item : items) {
    if (item.kind != Kind::Text) return wrong_type(item, "a glob in " + name, "a text");
    if (item.text.empty() || item.text.size() > limits::kReportGlobBytes)
      return wrong(item.at, "a glob in " + name + " must have 1 to " +
                                std::to_string(limits::kReportGlobBytes) + " bytes");
    if (leads_out(item.text))
      return wrong(item.at, "'" + item.text +
                                "' leads out of the workspace; write a path below it, such as "
                                "build/junit.xml");
    globs.push_back(item.text);
  }
  return globs;
}

}  // namespace

Parsed<ReportGlobs> parse_reports(const YamlNode& map, const std::string& where) {
  ReportGlobs reports;
  const YamlEntry* entry = find(map, "reports");
  if (entry == nullptr) return reports;
  if (entry->value.kind != Kind::Map)
    return wrong_type(entry->value, "reports " + where, "a map with junit or tap");
  if (auto good = check_keys(entry->value, "in reports", {"junit", "tap"}); !good)
    return Unexpected{good.error()};
  if (entry->value.entries.empty())
    return wrong(entry->value.at, "reports " + where +
                                      " is empty; name files with junit or tap, or remove it: "
                                      "then the usual places are looked at");
  auto junit = parse_globs(entry->value, "junit");
  if (!junit) return Unexpected{junit.error()};
  auto tap = parse_globs(entry->value, "tap");
  if (!tap) return Unexpected{tap.error()};
  return ReportGlobs{std::move(*junit), std::move(*tap)};
}

}  // namespace seaworthy::pipeline
