#include "shared/pipeline/nodes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "shared/model/limits.h"
#include "shared/pipeline/nearest.h"

namespace seaworthy::pipeline {
namespace {

using Kind = YamlNode::Kind;

// What other systems call it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kElsewhere{
    {{"script", "run"},
     {"command", "run"},
     {"commands", "steps"},
     {"timeout", "timeout-minutes"},
     {"depends_on", "needs"},
     {"depends-on", "needs"},
     {"environment", "env"},
     {"variables", "env"},
     {"stages", "jobs"},
     {"runs_on", "runs-on"},
     {"tags", "runs-on"},
     {"labels", "runs-on"}}};

std::string_view describe(const YamlNode& node) {
  switch (node.kind) {
    case Kind::Null: return "nothing";
    case Kind::Text: return "a text";
    case Kind::List: return "a list";
    case Kind::Map: return "a map";
  }
  return "something else";
}

}  // namespace

Unexpected<SourceError> wrong(Position at, std::string text) {
  return Unexpected<SourceError>{SourceError{at, std::move(text)}};
}

Unexpected<SourceError> wrong_type(const YamlNode& node, const std::string& what,
                                   const std::string& expected) {
  return wrong(node.at,
               what + " must be " + expected + ", and this is " + std::string(describe(node)));
}

Parsed<Done> check_keys(const YamlNode& map, const std::string& where,
                        const std::vector<std::string>& known) {
  for (const YamlEntry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    std::optional<std::string> meant;
    for (const auto& [theirs, ours] : kElsewhere)
      if (theirs == entry.key && std::find(known.begin(), known.end(), ours) != known.end())
        meant = std::string(ours);
    if (!meant) meant = nearest(entry.key, known);
    std::string all;
    for (const std::string& key : known) all.append(all.empty() ? "" : ", ").append(key);
    return wrong(entry.at, "unknown key '" + entry.key + "' " + where +
                               (meant ? "; did you mean '" + *meant + "'?"
                                      : "; the keys " + where + " are " + all));
  }
  return Done{};
}

const YamlEntry* find(const YamlNode& map, std::string_view key) {
  for (const YamlEntry& entry : map.entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

Parsed<Done> check_name(std::string_view name, Position at, const std::string& what) {
  auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name.empty() || name.size() > limits::kNameBytes || name.front() == ' ' ||
      name.back() == ' ' || std::any_of(name.begin(), name.end(), is_control))
    return wrong(at, "the name of " + what + " must be one line of 1 to " +
                         std::to_string(limits::kNameBytes) + " bytes, without spaces around it");
  return Done{};
}

}  // namespace seaworthy::pipeline
