// JobSpec is what a worker is told to do: plain data, the same in the pipeline, on the wire and in
// the store. shared/pipeline makes it from the text of a revision; the broker keeps it without
// looking into it, except for `name`, `needs`, `runs_on` and `priority`; the worker runs it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/model/priority.h"

namespace seaworthy {

struct Step {
  std::string name;  // for people; the first line of `run` if the author gave none
  std::string run;   // a script for the shell
  std::map<std::string, std::string> env;
  bool operator==(const Step&) const = default;
};

// Where the tests of a job leave their reports: globs of paths below the workspace. None: the usual
// places are looked at.
struct ReportGlobs {
  std::vector<std::string> junit;
  std::vector<std::string> tap;
  bool operator==(const ReportGlobs&) const = default;
};

struct JobSpec {
  std::string name;  // unique within its pipeline
  std::vector<Step> steps;
  std::map<std::string, std::string> env;  // a step's env wins over it
  std::vector<std::string> needs;         // names of jobs of the same pipeline that must pass first
  Duration timeout{0};                    // over all steps, checkout included
  std::string origin;                     // first line of the log: where this job came from
  std::vector<std::string> runs_on = {};  // labels that its worker must have; sorted, each once
  Priority priority = Priority::Normal;   // among the jobs of its repository
  ReportGlobs reports = {};               // of its tests
  bool operator==(const JobSpec&) const = default;
};

}  // namespace seaworthy
