// Reading the store after a restart: what the core needs to go on. The core relies on it, so that
// rows which no broker can have written are refused here, by name.
#include <algorithm>
#include <future>
#include <map>
#include <span>
#include <utility>

#include "broker/journal/recover_jobs.h"
#include "broker/journal/recover_rows.h"
#include "broker/journal/tables.h"

namespace seaworthy::broker {
namespace {

// Of the rows that are there, and of those that were; 0 if there never was one.
uint64_t largest(const Database& database, const char* table, const char* column, const char* key) {
  Statement row(database, std::string("SELECT max((SELECT value FROM meta WHERE key = '") + key +
                              "'), (SELECT coalesce(max(" + column + "), 0) FROM " + table + "))");
  row.next();
  const std::string where = std::string("table ") + table;
  return number(row, 0, 0, Row{where.c_str()}, column);
}

std::map<int64_t, std::string> repositories(const Database& database) {
  std::map<int64_t, std::string> names;
  Statement rows(database, "SELECT id, name FROM repository");
  while (rows.next()) names.emplace(rows.integer(0), rows.text(1));
  return names;
}

Revision revision(const Statement& row, int column, BuildId build) {
  const std::optional<Revision> revision = Revision::parse(row.view(column));
  if (!revision) refuse(name_of("build", build), "has a revision that is none");
  return *revision;
}

// All of them in one pass: of those that have a verdict nearly all are known, too.
void read_builds(const Database& database, Recovered& recovered) {
  recovered.builds.reserve(count(database, "SELECT count(*) FROM build WHERE state < 3"));
  const std::map<int64_t, std::string> names = repositories(database);
  Statement rows(database,
                 "SELECT id, state, again, repository, ref, revision, rank, concurrency_group FROM "
                 "build ORDER BY id");
  while (rows.next()) {
    const BuildId id{number(rows, 0, 1, {"a build"}, "id")};
    const auto state = static_cast<State>(in_range(rows, 1, static_cast<int64_t>(State::Queued),
                                                   static_cast<int64_t>(State::Finished),
                                                   name_of("build", id), "state"));
    const bool again = rows.integer(2) != 0;
    if (state == State::Finished && again) continue;
    const auto repository = names.find(rows.integer(3));
    if (repository == names.end() && state == State::Finished) continue;
    if (repository == names.end())
      refuse(name_of("build", id), "has no verdict, and its repository is missing");
    const Commit commit{recovered.names.number(repository->second),
                        recovered.names.number(rows.view(4)), revision(rows, 5, id)};
    if (state == State::Finished) {
      recovered.known.emplace_back(commit, id);
      continue;
    }
    RecoveredBuild build;
    build.commit = commit;
    build.rank = number(rows, 6, 0, name_of("build", id), "rank");
    build.again = again;
    build.running = state == State::Running;
    recovered.builds.emplace_back(id, build);
    if (rows.view(7).empty()) continue;
    recovered.groups.push_back({id, rows.text(7)});
  }
}

// The row of that id, in rows that are in the order of their ids.
template <class Rows, class IdType>
auto find(Rows& rows, IdType id) {
  const auto found =
      std::lower_bound(rows.begin(), rows.end(), id,
                       [](const auto& row, IdType other) { return row.first < other; });
  return found == rows.end() || found->first != id ? rows.end() : found;
}

void take(JobRows read, Recovered& recovered) {
  recovered.jobs = std::move(read.jobs);
  recovered.pasts = std::move(read.pasts);
  recovered.job_names = std::move(read.names);
  recovered.label_sets = std::move(read.label_sets);
  for (const auto& [id, verdict] : read.verdicts) {
    const auto build = find(recovered.builds, id);
    if (build != recovered.builds.end())
      build->second.verdict = gravest(build->second.verdict, verdict);
  }
}

// At most one build of a group has been given a worker.
void check_groups(const Recovered& recovered) {
  std::map<std::pair<RepositoryNumber, std::string>, BuildId> holders;
  for (const auto& [id, name] : recovered.groups) {
    const RecoveredBuild& build = find(recovered.builds, id)->second;
    if (!build.running) continue;
    const auto [holder, is_first] = holders.insert({{build.commit.repository, name}, id});
    if (!is_first)
      refuse(name_of("build", id), "is running beside " + name_of("build", holder->second).name() +
                                       " of the same concurrency group");
  }
}

void read_newest_of_groups(const Database& database, Recovered& recovered) {
  Statement newest(database,
                   "SELECT name, concurrency_group, max(rank), build.id FROM build JOIN repository "
                   "ON repository.id = repository WHERE ends_older = 1 AND concurrency_group <> '' "
                   "GROUP BY repository, concurrency_group");
  while (newest.next())
    recovered.newest.push_back({newest.text(0), newest.text(1),
                                number(newest, 2, 0, {"a build"}, "rank"), newest.id<BuildId>(3)});
}

void check_jobs_of_build(std::span<const std::pair<JobId, RecoveredJob>> jobs) {
  const uint64_t first = jobs.front().first.value;
  for (uint64_t i = 0; i < jobs.size(); ++i) {
    const auto& [id, job] = jobs[i];
    if (id.value != first + i)
      refuse(name_of("job", id), "does not follow the other jobs of its build");
    for (JobId need : job.needs)
      if (need.value - first >= jobs.size())
        refuse(name_of("job", id),
               "needs " + name_of("job", need).name() + ", which is not of its build");
  }
}

// What rows say of each other: the jobs of a build are numbered in a row, and need each other only.
void check(const Recovered& recovered) {
  const auto& jobs = recovered.jobs;
  size_t next = 0;
  for (const auto& [id, build] : recovered.builds) {
    const size_t first = next;
    bool is_unfinished = false;
    for (; next < jobs.size() && jobs[next].second.build == id; ++next)
      if (jobs[next].second.state != State::Finished) is_unfinished = true;
    if (next < jobs.size() && jobs[next].second.build < id)
      refuse(name_of("job", jobs[next].first), "does not follow the other jobs of its build");
    if (!is_unfinished)
      refuse(name_of("build", id), "has neither a verdict nor a job that could still give one");
    check_jobs_of_build(std::span(jobs).subspan(first, next - first));
  }
  if (next == jobs.size()) return;
  const auto& [id, job] = jobs[next];
  refuse(name_of("job", id), "stands among jobs of builds without a verdict, and " +
                                 name_of("build", job.build).name() + " is none of them");
}

}  // namespace

Recovered Tables::recover() {
  Recovered recovered;
  recovered.epoch = epoch_;
  recovered.last_sequence = {largest(database_, "event", "sequence", "last_sequence")};
  recovered.last_build = {largest(database_, "build", "id", "last_build")};
  recovered.last_job = {largest(database_, "job", "id", "last_job")};
  recovered.last_rank = largest(database_, "build", "rank", "last_rank");
  // Half a second for each million of either, so side by side.
  auto jobs = std::async(std::launch::async,
                         [store = Database::reader_of(database_)] { return read_jobs(store); });
  read_builds(database_, recovered);
  take(jobs.get(), recovered);
  check(recovered);
  check_groups(recovered);
  read_newest_of_groups(database_, recovered);
  Statement cursors(database_, "SELECT name, sequence FROM cursor");
  while (cursors.next())
    recovered.cursors[cursors.text(0)] = {number(cursors, 1, 0, {"a cursor"}, "sequence")};
  Statement paused(database_,
                   "SELECT name FROM paused JOIN repository ON repository.id = paused.repository "
                   "ORDER BY name");
  while (paused.next()) recovered.paused.push_back(paused.text(0));
  Statement requests(database_, "SELECT id, digest, first_build FROM request");
  while (requests.next())
    recovered.requests.push_back(
        {requests.token<RequestId>(0),
         {static_cast<uint64_t>(requests.integer(1)), requests.id<BuildId>(2)}});
  return recovered;
}

}  // namespace seaworthy::broker
