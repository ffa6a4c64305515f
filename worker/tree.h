// The process tree below this process. A process that made itself a subreaper (become_subreaper)
// gets every orphan among its descendants as a child, so nothing that a job starts, by setsid or
// double fork or otherwise, can leave the tree. Linux only; reads /proc. One thread: waits for
// children.
#pragma once

#include <sys/types.h>

#include <map>
#include <vector>

namespace seaworthy::worker {

void become_subreaper();

// All living descendants, children before grandchildren, without zombies and without those below
// the processes in `except`.
std::vector<pid_t> descendants(const std::vector<pid_t>& except = {});

// Sends `signal` to each; to a stopped one also SIGCONT unless the signal is SIGKILL.
void signal_all(const std::vector<pid_t>& processes, int signal);

// Takes leave of all children that have ended and are not in `except`, never waits. Exit codes by
// pid: 0..255, or 128 + the signal.
std::map<pid_t, int> reap_ended(const std::vector<pid_t>& except = {});

// SIGKILL to all descendants again and again until none is left or `most_ms` has passed. The number
// that is left.
size_t kill_descendants(int most_ms, const std::vector<pid_t>& except = {});

}  // namespace seaworthy::worker
