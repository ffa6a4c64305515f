#!/usr/bin/python3
"""Plants one bug at a time into a copy of the cores and asks how many seeds the simulator needs to find it.

A mutant is a rule of the design removed: a text that must occur exactly once, and what stands there instead.

    tests/sim/mutants.py [--seeds N] [NAME…]      prints a table; exit code 1 if one is not found
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COPIED = ["CMakeLists.txt", "shared", "broker", "worker", "tests/CMakeLists.txt", "tests/support", "tests/sim"]

# name, file, text, replacement
MUTANTS = [
    ("a restart forgets the leases", "broker/core/core.cc",
     "if (job.state == State::Running)\n      leases_.set(", "if (false)\n      leases_.set("),
    ("a lease never runs out", "broker/core/core.cc",
     "  expire_leases();\n  expire_sessions();", "  expire_sessions();"),
    ("the re-attach window is one heartbeat", "broker/core/core.cc",
     "start + options_.timing.reattach", "start + options_.timing.heartbeat"),
    ("an old attempt's outcome is taken for the current one's", "broker/core/core_workers.cc",
     "  if (!holds(*session, *job, m.attempt)) {\n    // Kept once",
     "  if (job->state != State::Running) {\n    // Kept once"),
    ("a late outcome is kept although it is known", "broker/core/ledger.cc",
     "  past_of(job(body.job)).unreported.erase(body.attempt);\n}", "(void)body;\n}"),
    ("a repeated outcome is recorded again", "broker/core/core_workers.cc",
     "(job->state == State::Finished && job->attempt == m.attempt)", "false"),
    ("an outcome is recorded before its output is complete", "broker/core/core_workers.cc",
     "if (job->past().output_bytes < m.output_bytes)", "if (false)"),
    ("output is appended without looking at the offset", "broker/core/core_workers.cc",
     "decide(OutputStored{m.job, m.attempt, stored, stored - m.offset, end - stored});",
     "decide(OutputStored{m.job, m.attempt, stored, 0, blob_bytes_});"),
    ("a gap in the output is jumped over", "broker/core/core_workers.cc",
     "const bool fits = m.offset <= stored && end > stored && blob_bytes_ <= limits::kOutputChunkBytes;\n"
     "  if (fits) decide(OutputStored{m.job, m.attempt, stored, stored - m.offset, end - stored});",
     "const uint64_t skip = stored > m.offset ? stored - m.offset : 0;\n"
     "  if (end > stored) decide(OutputStored{m.job, m.attempt, stored, skip, blob_bytes_ - skip});"),
    ("output of a revoked attempt is stored", "broker/core/core_workers.cc",
     "  if (job == nullptr || !holds(*session, *job, m.attempt))\n    return refuse_attempt(*session, {m.job, m.attempt});\n  renew(m.job);\n  const uint64_t end",
     "  if (job == nullptr || job->attempt != m.attempt)\n    return refuse_attempt(*session, {m.job, m.attempt});\n  const uint64_t end"),
    ("losses are not counted", "broker/core/core_jobs.cc", "job.past().losses + 1", "job.past().losses"),
    ("losses have no limit", "broker/core/core_jobs.cc", "job.past().losses >= limits::kLosses", "false"),
    ("failures have no limit", "broker/core/core_jobs.cc", "if (failures < limits::kFailures)", "if (true)"),
    ("a cancel is forgotten when the job is queued again", "broker/core/core_jobs.cc",
     "if (ledger_.find_job(id)->cancel_requested)", "if (false)"),
    ("the attempt number does not grow", "broker/core/core_queue.cc", "job.attempt.value + 1", "job.attempt.value"),
    ("one revision may have two builds", "broker/core/core_clients.cc", "if (!submit.again) {", "if (false) {"),
    ("a repeated request makes new builds", "broker/core/core_clients.cc",
     "if (taken != nullptr && m.again) {", "if (false) {"),
    ("dependents of a failed job are not skipped", "broker/core/core_jobs.cc",
     "if (!ledger_.find_job(id)->passed) skip_dependents(id);", ""),
    ("a worker's new life keeps the old one's lease", "broker/core/core_workers.cc",
     "if (job.past().boot != hello.boot && (held == nullptr || !held->finished))", "if (false)"),
    ("a lost attempt is adopted although another has the job", "broker/core/core_workers.cc",
     "return job.state == State::Queued && job.attempt == attempt", "return job.attempt >= attempt"),
    ("the worker drops an outcome that was not recorded", "worker/core/delivery.cc",
     "if (report_at_ && now < *report_at_) return;", "if (report_at_) return;"),
    ("the worker takes a second job while it runs one", "worker/core/core.cc",
     "if (has_process()) return \"it is busy\";", ""),
    ("the worker reports an attempt that was revoked", "worker/core/core.cc",
     "held == held_.end() || held->second.stage == Stage::Killed) return;\n  wire::AttemptFinished",
     "held == held_.end()) return;\n  wire::AttemptFinished"),
    ("the worker obeys a broker that was deposed", "worker/core/core.cc",
     "if (message.epoch < epoch_) {", "if (false) {"),
    ("new builds are taken while the disk is full", "broker/core/core_clients.cc",
     "if (!has_space_) return refuse", "if (false) return refuse"),
    ("jobs are handed out while the disk is full", "broker/core/core_queue.cc",
     "if (!has_space_) return;\n  while", "while"),
    ("a build without a verdict is removed", "broker/core/core.cc",
     "if (ledger_.find_build(expired.build) == nullptr && expired", "if (expired"),
    ("a job goes to a worker without its labels", "broker/core/label_sets.cc",
     "return std::includes(worker.begin(), worker.end(), wanted.begin(), wanted.end());",
     "return wanted.empty() || !worker.empty();"),
    ("builds of a group run beside each other", "broker/core/ledger_queue.cc",
     "insert({{repository, name}, last_group_", "insert({{repository, name + std::to_string(last_group_)}, last_group_"),
    ("a group is not given on", "broker/core/ledger_queue.cc",
     "for (const auto& [labels, waiting] : group.waiting) put_first_in_queue(group, labels);", ""),
    ("a newer build does not end the older ones", "broker/core/core_clients.cc",
     "if (rank >= group->newest_rank) break;", "if (true) break;"),
    ("the repository with the most running jobs is served first", "broker/core/queue.cc",
     "*waiting_[labels.value].turns.begin();", "*waiting_[labels.value].turns.rbegin();"),
    ("the oldest job never has its turn", "broker/core/queue.h",
     "return (handed_out + 1) % limits::kOldestEvery == 0;", "return handed_out > UINT32_MAX;"),
    ("the oldest is that of its priority only", "broker/core/queue.cc",
     "if (fits && (!oldest || Older()(*at, *oldest))) oldest", "if (fits && !oldest) oldest"),
    ("priorities are not looked at", "broker/core/queue.h",
     "if (a.priority != b.priority) return", "if (false) return"),
    ("the newest build of a group goes first", "broker/core/ledger_queue.cc",
     "if (waiting.in_queue && ReadyQueue::Older()(*waiting.in_queue, first)) return;",
     "if (waiting.in_queue && !ReadyQueue::Older()(first, *waiting.in_queue) && waiting.in_queue->rank > first.rank) return;"),
    ("a job that no worker could run waits for ever", "broker/core/core_queue.cc",
     "if (waits && options_", "if (false && options_"),
    ("a worker idles beside a job that stood behind one with other labels", "broker/core/core_queue.cc",
     "if (!roster_.has_idle(id)) continue;", "if (!roster_.has_idle(id)) { if (ledger_.ready().size(id) > 0) break; continue; }"),
    ("messages leave before the changes are durable", "tests/sim/simulation_broker.cc",
     "    gathered_.push_back(std::move(batch));\n    commit();",
     "    for (const broker::Outgoing& out : batch.messages) send_from_broker(out);\n"
     "    batch.messages.clear();\n    gathered_.push_back(std::move(batch));\n    commit();"),
    ("jobs of a paused repository stay in the queue", "broker/core/ledger.cc",
     "    body.paused ? leave_queue(id, job) : enter_queue_if_ready(id, job);",
     "    if (!body.paused) enter_queue_if_ready(id, job);"),
    ("jobs that become ready are handed out although their repository is paused", "broker/core/ledger_queue.cc",
     "if (!paused_.empty() && paused_.contains(repository_of(build))) return;", ""),
    ("a repository that is not paused any more is forgotten", "broker/core/ledger.cc",
     "    body.paused ? leave_queue(id, job) : enter_queue_if_ready(id, job);",
     "    if (body.paused) leave_queue(id, job);"),
    ("a drained worker is given jobs when it is ready", "broker/core/core_workers.cc",
     "  if (is_drained) return roster_.set_slots(*session, 0);\n", ""),
]


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def build(tree, directory):
    result = run("ninja", "-C", str(directory), "sim")
    if result.returncode != 0:
        sys.exit(f"the simulator does not build in {tree}:\n{result.stdout[-3000:]}")


def hunt(mutant, tree, directory, seeds):
    """(promise that broke, seeds needed), or None."""
    _, file, text, replacement = mutant
    path = tree / file
    original = path.read_text()
    if original.count(text) != 1:
        sys.exit(f"mutant '{mutant[0]}' is stale: its text occurs {original.count(text)} times in {file}")
    path.write_text(original.replace(text, replacement))
    try:
        build(tree, directory)
        result = run(str(directory / "bin/sim"), "--seeds", str(seeds), "--stop-at-first", timeout=1800)
    finally:
        path.write_text(original)
    if found := re.search(r"^seed (\d+): (.*?)(?: \(see|$)", result.stdout, re.M):
        return found[2], int(found[1])
    if asserted := re.search(r"assertion failed: (.*?) \(a bug", result.stderr):
        return f"assertion {asserted[1]}", None
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="seaworthy-mutants-"))
    tree, directory = folder / "tree", folder / "build"
    try:
        tree.mkdir()
        for name in COPIED:
            source = ROOT / name
            (tree / name).parent.mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
        top = (tree / "CMakeLists.txt").read_text()
        (tree / "CMakeLists.txt").write_text(re.sub(r"add_subdirectory\((?!shared|broker|worker|tests).*|include\(.*", "", top))
        result = run("cmake", "-S", str(tree), "-B", str(directory), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     "-DCMAKE_CXX_FLAGS=-w")  # a bug may well be something to warn of
        if result.returncode != 0:
            sys.exit(result.stderr)
        build(tree, directory)
        missed = 0
        print("| planted bug | caught by | seeds |\n|---|---|---|")
        for mutant in MUTANTS:
            if options.names and mutant[0] not in options.names:
                continue
            found = hunt(mutant, tree, directory, options.seeds)
            missed += found is None
            promise, seeds = found or ("**nothing**", options.seeds)
            print(f"| {mutant[0]} | {promise} | {'' if seeds is None else f'{seeds:,}'} |", flush=True)
        sys.exit(missed != 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
