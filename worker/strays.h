// Strays are processes that an earlier process of this worker left behind: leaders that have not
// noticed yet, and processes of jobs whose leader was killed with the worker. Told by the leader's
// arguments, and by SEAWORTHY_WORKSPACE in the environment of job processes. Only for a worker's
// start.
#pragma once

#include <cstddef>
#include <filesystem>

namespace seaworthy::worker {

// Kills all with a spool entry or workspace below these directories, which only one worker uses at
// a time. The number of processes that were there.
size_t end_strays(const std::filesystem::path& spool, const std::filesystem::path& work);

}  // namespace seaworthy::worker
