// What the readers of `.seaworthy.yml` have in common: finding a key, and saying what is wrong with
// a node and what to do. Pure, never throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/pipeline/yaml.h"

namespace seaworthy::pipeline {

template <class T>
using Parsed = Result<T, SourceError>;

Unexpected<SourceError> wrong(Position at, std::string text);
// "WHAT must be EXPECTED, and this is a list"
Unexpected<SourceError> wrong_type(const YamlNode& node, const std::string& what,
                                   const std::string& expected);

const YamlEntry* find(const YamlNode& map, std::string_view key);
// An error for the first key of the map that is none of `known`. `where`: "in job 'test'".
Parsed<Done> check_keys(const YamlNode& map, const std::string& where,
                        const std::vector<std::string>& known);
// For the name of `what`: one line, not too long, without spaces around it.
Parsed<Done> check_name(std::string_view name, Position at, const std::string& what);

}  // namespace seaworthy::pipeline
