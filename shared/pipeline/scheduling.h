// The keys of `.seaworthy.yml` that say where, when and beside what jobs run: runs-on, priority and
// concurrency. Pure, never throws. `base` is what holds where the map has no such key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/model/pipeline.h"
#include "shared/pipeline/nodes.h"

namespace seaworthy::pipeline {

// Sorted, each once.
Parsed<std::vector<std::string>> parse_runs_on(const YamlNode& map, const std::string& where,
                                               std::vector<std::string> base);
Parsed<Priority> parse_priority(const YamlNode& map, const std::string& where, Priority base);
Parsed<std::optional<Concurrency>> parse_concurrency(const YamlNode& map);

}  // namespace seaworthy::pipeline
