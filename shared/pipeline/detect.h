// Conventions: what to run where a revision does not say it. The first that fits, in this order:
// tests/ with Python unittests, CMakeLists.txt, a Makefile with a check or test target,
// package.json with a test script, pytest, Cargo.toml, go.mod. Pure: sees files through
// RevisionFiles only.
#pragma once

#include <optional>
#include <string_view>

#include "shared/model/job_spec.h"
#include "shared/pipeline/expand.h"

namespace seaworthy::pipeline {

// One job; its origin says what was found and how to say otherwise.
std::optional<JobSpec> detect(RevisionFiles& files);

// What detect() looks for, for people.
inline constexpr std::string_view kConventions =
    "tests/ with Python unittests, CMakeLists.txt, a Makefile with a check or test target, "
    "package.json with a test script, pytest, Cargo.toml, go.mod";

}  // namespace seaworthy::pipeline
