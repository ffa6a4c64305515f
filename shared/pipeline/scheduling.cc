#include "shared/pipeline/scheduling.h"

#include <algorithm>
#include <utility>

#include "shared/model/limits.h"

namespace seaworthy::pipeline {
namespace {

using Kind = YamlNode::Kind;

}  // namespace

Parsed<std::vector<std::string>> parse_runs_on(const YamlNode& map, const std::string& where,
                                               std::vector<std::string> base) {
  const YamlEntry* entry = find(map, "runs-on");
  if (entry == nullptr) return base;
  const YamlNode& value = entry->value;
  std::vector<YamlNode> one;
  if (value.kind == Kind::Text) one.push_back(value);
  if (value.kind != Kind::Text && value.kind != Kind::List)
    return wrong_type(value, "runs-on " + where, "a label of workers, or a list of labels");
  const std::vector<YamlNode>& items = one.empty() ? value.items : one;
  if (items.empty())
    return wrong(value.at, "runs-on " + where +
                               " is empty; name a label, or remove it: then every worker will do");
  if (items.size() > limits::kLabels)
    return wrong(items[limits::kLabels].at,
                 "a job has at most " + std::to_string(limits::kLabels) + " labels in runs-on");
  std::vector<std::string> labels;
  for (const YamlNode& item : items) {
    if (item.kind != Kind::Text) return wrong_type(item, "a label in runs-on", "a text");
    if (auto good = check_name(item.text, item.at, "a label"); !good)
      return Unexpected{good.error()};
    if (std::find(labels.begin(), labels.end(), item.text) != labels.end())
      return wrong(item.at, "'" + item.text + "' is named twice in runs-on; remove one");
    labels.push_back(item.text);
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

Parsed<Priority> parse_priority(const YamlNode& map, const std::string& where, Priority base) {
  const YamlEntry* entry = find(map, "priority");
  if (entry == nullptr) return base;
  if (entry->value.kind == Kind::Text)
    if (auto priority = seaworthy::parse_priority(entry->value.text)) return *priority;
  return wrong(entry->value.at, "priority " + where + " must be high, normal or low");
}

Parsed<std::optional<Concurrency>> parse_concurrency(const YamlNode& map) {
  const YamlEntry* entry = find(map, "concurrency");
  if (entry == nullptr) return std::optional<Concurrency>();
  const YamlNode& value = entry->value;
  Concurrency concurrency;
  if (value.kind != Kind::Text && value.kind != Kind::Map)
    return wrong_type(value, "concurrency",
                      "the name of a group, or a map with group and cancel-in-progress");
  const YamlEntry* group = value.kind == Kind::Map ? find(value, "group") : nullptr;
  if (value.kind == Kind::Map) {
    if (auto good = check_keys(value, "in concurrency", {"group", "cancel-in-progress"}); !good)
      return Unexpected{good.error()};
    if (group != nullptr && group->value.kind != Kind::Text)
      return wrong_type(group->value, "group", "a text");
    if (const YamlEntry* cancel = find(value, "cancel-in-progress")) {
      concurrency.cancel_in_progress = cancel->value.text == "true";
      if (cancel->value.kind != Kind::Text ||
          (cancel->value.text != "true" && cancel->value.text != "false"))
        return wrong(cancel->value.at, "cancel-in-progress must be true or false");
    }
  }
  if (const YamlNode* name = group != nullptr           ? &group->value
                             : value.kind == Kind::Text ? &value
                                                        : nullptr) {
    if (auto good = check_name(name->text, name->at, "a concurrency group"); !good)
      return Unexpected{good.error()};
    concurrency.group = name->text;
  }
  return std::optional(std::move(concurrency));
}

}  // namespace seaworthy::pipeline
