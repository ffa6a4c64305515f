// The language of `.seaworthy.yml`: text -> jobs, or the first error with its line and column.
// Pure, never throws; bounded by model/limits.h. The language:
//
//   env:                      # optional; for all jobs
//     LANG: C.UTF-8
//   jobs:
//     build:                  # a name: at most 128 bytes
//       run: make             # short for one step
//     test:
//       needs: build          # or [build, lint]: these must pass first
//       timeout-minutes: 10   # for all steps together, checkout included; else 60, at most 1440
//       env: {MODE: fast}     # wins over the env of the file
//       steps:                # run in order, by the shell, until one fails
//         - make check
//         - name: Integration # for people; else the first line of run
//           run: |
//             ./start-server
//             ./integration
//           env: {PORT: 1234} # wins over the env of the job
//
// A pipeline of one job needs no `jobs`: `run` or `steps`, and beside them `env` and
// `timeout-minutes`, may stand at the top; that job's name is "test". Values of env are texts;
// unquoted numbers and true or false stay as they are written. Anchors and aliases work, merge keys
// (<<) do not. Everything else is an error: unknown and repeated keys, wrong types, needs that
// name no job or lead in a circle, jobs without a step.
#pragma once

#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/model/job_spec.h"
#include "shared/pipeline/yaml.h"

namespace seaworthy::pipeline {

inline constexpr std::string_view kOnlyJob = "test";

// JobSpec.origin is left empty.
Result<std::vector<JobSpec>, SourceError> parse(std::string_view text);

}  // namespace seaworthy::pipeline
