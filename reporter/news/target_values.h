// Target values: one target of the news file, its keys by its kind, its secrets from wherever they
// are kept. Pure but for `surroundings`.
#pragma once

#include "reporter/news/config.h"
#include "shared/pipeline/nodes.h"

namespace seaworthy::reporter::news {

// `holds_secrets` becomes true if one stands in the text.
pipeline::Parsed<Target> parse_target(const pipeline::YamlEntry& entry,
                                      const Surroundings& surroundings, bool& holds_secrets);

}  // namespace seaworthy::reporter::news
