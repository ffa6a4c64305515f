// Reading the store after a restart: what the core needs to go on.
#include <sstream>

#include "broker/journal/journal.h"

namespace seaworthy::broker {
namespace {

std::vector<JobId> parse_ids(const std::string& text) {
  std::istringstream words(text);
  std::vector<JobId> ids;
  for (uint64_t value; words >> value;) ids.push_back({value});
  return ids;
}

template <class IdType>
IdType largest(const Database& database, const char* sql) {
  Statement statement(database, sql);
  statement.next();
  return statement.id<IdType>(0);
}

std::vector<std::pair<BuildId, Build>> unfinished_builds(const Database& database) {
  std::vector<std::pair<BuildId, Build>> builds;
  Statement rows(database,
                 "SELECT build.id, rank, name, ref, revision, state FROM build JOIN repository ON "
                 "repository.id = repository WHERE state < 3 ORDER BY build.id");
  while (rows.next()) {
    Build build;
    build.rank = static_cast<uint64_t>(rows.integer(1));
    build.repository = rows.text(2);
    build.ref = rows.text(3);
    build.revision = rows.text(4);
    build.running = rows.integer(5) == static_cast<int64_t>(State::Running);
    builds.emplace_back(rows.id<BuildId>(0), std::move(build));
  }
  return builds;
}

std::vector<std::pair<JobId, Job>> jobs_of_unfinished_builds(const Database& database) {
  std::vector<std::pair<JobId, Job>> jobs;
  Statement rows(
      database,
      "SELECT job.id, job.build, job.name, job.needs, job.state, job.attempt, job.worker, "
      "job.boot, losses, "
      "failures, cancel_requested, job.verdict, assigned_ms, output_bytes FROM job JOIN build ON "
      "build.id = "
      "job.build LEFT JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt "
      "WHERE build.state < 3 ORDER BY job.id");
  while (rows.next()) {
    Job job;
    job.build = rows.id<BuildId>(1);
    job.name = rows.text(2);
    job.needs = parse_ids(rows.text(3));
    job.state = static_cast<State>(rows.integer(4));
    job.attempt = rows.id<AttemptNumber>(5);
    job.worker = rows.text(6);
    job.boot = rows.token<BootId>(7);
    job.losses = static_cast<uint32_t>(rows.integer(8));
    job.failures = static_cast<uint32_t>(rows.integer(9));
    job.cancel_requested = rows.integer(10) != 0;
    const auto verdict = static_cast<Verdict>(rows.integer(11));
    job.passed = !rows.is_null(11) && (verdict == Verdict::Passed || verdict == Verdict::Flaky);
    job.assigned = rows.time(12);
    job.output_bytes = static_cast<uint64_t>(rows.integer(13));
    jobs.emplace_back(rows.id<JobId>(0), std::move(job));
  }
  return jobs;
}

// Attempts that were taken away and have no outcome of their own yet.
void read_unreported(const Database& database, std::vector<std::pair<JobId, Job>>& jobs) {
  Statement rows(
      database,
      "SELECT number, worker FROM attempt WHERE job = ? AND (outcome = ? OR (outcome = ? "
      "AND detail LIKE 'given back: %')) ORDER BY number");
  for (auto& [id, job] : jobs) {
    if (!job.attempt) continue;
    rows.bind(id, Outcome::Lost, Outcome::Cancelled);
    while (rows.next()) job.unreported[rows.id<AttemptNumber>(0)] = rows.text(1);
    while (job.unreported.size() > Job::kUnreported) job.unreported.erase(job.unreported.begin());
  }
}

}  // namespace

Recovered Journal::recover() {
  Recovered recovered;
  recovered.epoch = epoch_;
  recovered.last_sequence = largest<EventSequence>(database_, "SELECT max(sequence) FROM event");
  recovered.last_build = largest<BuildId>(database_, "SELECT max(id) FROM build");
  recovered.last_job = largest<JobId>(database_, "SELECT max(id) FROM job");
  recovered.last_rank = largest<BuildId>(database_, "SELECT max(rank) FROM build").value;
  recovered.builds = unfinished_builds(database_);
  recovered.jobs = jobs_of_unfinished_builds(database_);
  read_unreported(database_, recovered.jobs);
  Statement verdicts(database_, "SELECT verdict FROM job WHERE build = ? AND state = 3");
  for (auto& [id, build] : recovered.builds) {
    verdicts.bind(id);
    while (verdicts.next())
      build.verdict = gravest(build.verdict, static_cast<Verdict>(verdicts.integer(0)));
  }
  Statement known(database_,
                  "SELECT name, ref, revision, build.id FROM build JOIN repository ON "
                  "repository.id = repository "
                  "WHERE again = 0");
  while (known.next())
    recovered.known.push_back({known.text(0), known.text(1), known.text(2), known.id<BuildId>(3)});
  Statement requests(database_, "SELECT id, digest, first_build FROM request");
  while (requests.next())
    recovered.requests.push_back(
        {requests.token<RequestId>(0),
         {static_cast<uint64_t>(requests.integer(1)), requests.id<BuildId>(2)}});
  return recovered;
}

}  // namespace seaworthy::broker
