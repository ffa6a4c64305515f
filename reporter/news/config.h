// Config reads the news file: YAML, as docs/notifications.md describes it. What is wrong with it is
// said with line and column, and what was probably meant. Secrets come from the environment
// (${NAME}), from files of their own, or stand in the file itself, which nobody but its owner and
// group may read then. parse_plan() is pure but for what it is given to look things up with.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "reporter/news/core/plan.h"
#include "shared/base/result.h"
#include "shared/pipeline/yaml.h"

namespace seaworthy::reporter::news {

// Where values come from that do not stand in the file.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<Result<std::string>(const std::string& file)> secret_file;
};

struct ParsedPlan {
  Plan plan;
  bool holds_secrets = false;  // the text itself
};

Result<ParsedPlan, pipeline::SourceError> parse_plan(std::string_view text,
                                                     const Surroundings& surroundings);

// The error names the file, and the place in it.
Result<Plan> load_plan(const std::filesystem::path& file);

}  // namespace seaworthy::reporter::news
