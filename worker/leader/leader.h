// The leader is the small process that runs one attempt: it checks the revision out, runs the
// steps, keeps their output in the spool, ends every process of the job, and writes the outcome.
// It is a program of its own, seaworthy-leader, since each job starts one and each worker has one
// waiting: it is linked with nothing that it does not need. The worker starts it before there is a
// job for it; whatever happens to the worker, the leader sees to it that no process of the job is
// left. Single-threaded.
#pragma once

namespace seaworthy::worker {

// Waits for its options on kControlFd (leader_protocol.h), and does what they say; nothing if the
// pipe ends before. The exit code of the process.
int run_leader();

}  // namespace seaworthy::worker
