// "Once more": the Submit that runs the jobs of a build again as a new build. Pure.
#pragma once

#include "shared/base/result.h"
#include "shared/wire/message.h"

namespace seaworthy::wire {

// `detail`: with the specifications of its jobs. `only`: this job alone, without what it needs; 0:
// all. `request` is the caller's to choose. The error says why that makes no sense, and what to do.
Result<Submit> submit_again(const BuildDetail& detail, JobId only, RequestId request);

}  // namespace seaworthy::wire
