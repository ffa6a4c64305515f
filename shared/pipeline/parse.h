// The language of `.seaworthy.yml`: text -> a pipeline, or the first error with its line and
// column. Pure, never throws; bounded by model/limits.h. The language:
//
//   env:                      # optional; for all jobs
//     LANG: C.UTF-8
//   runs-on: linux            # optional; for all jobs, see below
//   priority: normal          # optional; for all jobs, see below
//   concurrency: deploy       # optional: one build of this group of the repository at a time. Or
//                             # {group: deploy, cancel-in-progress: true}: a newer build of the
//                             # group ends the older ones. Without group: named like the ref
//   jobs:
//     build:                  # a name: at most 128 bytes
//       run: make             # short for one step
//     test:
//       needs: build          # or [build, lint]: these must pass first
//       runs-on: [linux, gpu] # labels that its worker must have, all of them; or one label
//       priority: high        # or normal, low: which job of this repository goes first
//       timeout-minutes: 10   # for all steps together, checkout included; else 60, at most 1440
//       env: {MODE: fast}     # wins over the env of the file
//       reports:              # where the tests leave theirs; else the usual places are looked at
//         junit: [build/*.xml]    # globs below the workspace: * and ? in a name, ** for any depth
//         tap: out/results.tap    # or a single one
//       steps:                # run in order, by the shell, until one fails
//         - make check
//         - name: Integration # for people; else the first line of run
//           run: |
//             ./start-server
//             ./integration
//           env: {PORT: 1234} # wins over the env of the job
//
// A pipeline of one job needs no `jobs`: `run` or `steps`, and beside them what a job has
// but `needs`, may stand at the top; that job's name is "test". Values of env are texts;
// unquoted numbers and true or false stay as they are written. Anchors and aliases work, merge keys
// (<<) do not. Everything else is an error: unknown and repeated keys, wrong types, needs that
// name no job or lead in a circle, jobs without a step.
#pragma once

#include <string_view>

#include "shared/base/result.h"
#include "shared/model/pipeline.h"
#include "shared/pipeline/yaml.h"

namespace seaworthy::pipeline {

inline constexpr std::string_view kOnlyJob = "test";

// JobSpec.origin is left empty.
Result<Pipeline, SourceError> parse(std::string_view text);

}  // namespace seaworthy::pipeline
