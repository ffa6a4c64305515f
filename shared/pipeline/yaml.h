// A YAML document as a tree in which every node knows its line and column; the only place that
// knows yaml-cpp. Stricter than YAML: one document, keys are texts and stand once, no tags, no
// control characters, and hard limits on depth, nodes and bytes, which aliases count against each
// time they are used. Never throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace seaworthy::pipeline {

// Both from 1; columns count characters.
struct Position {
  size_t line = 1;
  size_t column = 1;
  bool operator==(const Position&) const = default;
};

struct SourceError {
  Position at;
  std::string text;  // what is wrong; what to do
};

struct YamlEntry;

struct YamlNode {
  enum class Kind : unsigned char { Null, Text, List, Map };
  Kind kind = Kind::Null;
  bool quoted = false;  // a Text that was written in quotes or as a block
  Position at;
  std::string text;
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;  // in the order of the text
};

struct YamlEntry {
  std::string key;
  Position at;
  YamlNode value;
};

Result<YamlNode, SourceError> load_yaml(std::string_view text);

}  // namespace seaworthy::pipeline
