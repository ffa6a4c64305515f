// The key `reports` of `.seaworthy.yml`: where the tests of a job leave their reports. Pure, never
// throws.
#pragma once

#include <string>

#include "shared/model/job_spec.h"
#include "shared/pipeline/nodes.h"

namespace seaworthy::pipeline {

Parsed<ReportGlobs> parse_reports(const YamlNode& map, const std::string& where);

}  // namespace seaworthy::pipeline
