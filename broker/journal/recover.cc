// Reading the store after a restart: what the core needs to go on. The core relies on it, so that
// rows which no broker can have written are refused here, by name.
#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "broker/journal/tables.h"

namespace seaworthy::broker {
namespace {

// Far above what a store will ever count to, far below where counting on from it overflows.
constexpr int64_t kLargestNumber = int64_t{1} << 61;
constexpr int64_t kLargestCount = 1'000'000'000;

// A row as it is named when it is refused: put together only then.
struct Row {
  const char* table;
  uint64_t id = 0;  // 0: the table's name says it all
  std::string name() const {
    return id == 0 ? std::string(table) : std::string(table) + " " + std::to_string(id);
  }
};

[[noreturn]] void refuse(const Row& row, const std::string& why) {
  throw StoreError("cannot use the store: " + row.name() + " " + why +
                   ": the file was damaged or changed by another program; restore a copy of it "
                   "(docs/storage.md)");
}

template <class IdType>
Row name_of(const char* table, IdType id) {
  return {table, id.value};
}

int64_t in_range(const Statement& row, int column, int64_t least, int64_t most, const Row& where,
                 const char* what) {
  const int64_t value = row.integer(column);
  if (row.is_null(column) || value < least || value > most)
    refuse(where, "has the impossible " + std::string(what) + " " +
                      (row.is_null(column) ? "NULL" : std::to_string(value)));
  return value;
}

// Ids, ranks and sequence numbers; 0 only where the table may be empty.
uint64_t number(const Statement& row, int column, int64_t least, const Row& where,
                const char* what) {
  return static_cast<uint64_t>(in_range(row, column, least, kLargestNumber, where, what));
}

Verdict verdict(const Statement& row, int column, const Row& where) {
  return static_cast<Verdict>(in_range(row, column, static_cast<int64_t>(Verdict::Passed),
                                       static_cast<int64_t>(Verdict::Inconclusive), where,
                                       "verdict"));
}

std::vector<JobId> parse_ids(std::string_view text, const Row& where) {
  std::vector<JobId> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    uint64_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || (next != end && *next != ' '))
      refuse(where, "needs something that is no number");
    ids.push_back({value});
    at = next == end ? end : next + 1;
  }
  return ids;
}

// Of the rows that are there, and of those that were; 0 if there never was one.
uint64_t largest(const Database& database, const char* table, const char* column, const char* key) {
  Statement row(database, std::string("SELECT max((SELECT value FROM meta WHERE key = '") + key +
                              "'), (SELECT coalesce(max(" + column + "), 0) FROM " + table + "))");
  row.next();
  const std::string where = std::string("table ") + table;
  return number(row, 0, 0, Row{where.c_str()}, column);
}

std::string revision(const Statement& row, int column, BuildId build) {
  std::string text = row.text(column);
  if (!Revision::parse(text)) refuse(name_of("build", build), "has a revision that is none");
  return text;
}

std::vector<std::pair<BuildId, RecoveredBuild>> unfinished_builds(const Database& database) {
  std::vector<std::pair<BuildId, RecoveredBuild>> builds;
  Statement rows(database,
                 "SELECT build.id, rank, name, ref, revision, state, again FROM build JOIN "
                 "repository ON repository.id = repository WHERE state < 3 ORDER BY build.id");
  while (rows.next()) {
    RecoveredBuild build;
    const BuildId id{number(rows, 0, 1, {"a build"}, "id")};
    build.rank = number(rows, 1, 0, name_of("build", id), "rank");
    build.repository = rows.text(2);
    build.ref = rows.text(3);
    build.revision = revision(rows, 4, id);
    build.again = rows.integer(6) != 0;
    build.running =
        in_range(rows, 5, static_cast<int64_t>(State::Queued), static_cast<int64_t>(State::Running),
                 name_of("build", id), "state") == static_cast<int64_t>(State::Running);
    builds.emplace_back(id, std::move(build));
  }
  return builds;
}

RecoveredJob job_of(const Statement& row, const Row& where) {
  RecoveredJob job;
  job.build = row.id<BuildId>(1);
  job.name = row.text(2);
  job.needs = parse_ids(row.text(3), where);
  job.state = static_cast<State>(in_range(row, 4, static_cast<int64_t>(State::Queued),
                                          static_cast<int64_t>(State::Finished), where, "state"));
  job.attempt = {static_cast<uint32_t>(in_range(row, 5, 0, kLargestCount, where, "attempt"))};
  job.worker = row.text(6);
  job.boot = row.token<BootId>(7);
  job.losses = static_cast<uint32_t>(in_range(row, 8, 0, kLargestCount, where, "losses"));
  job.failures = static_cast<uint32_t>(in_range(row, 9, 0, kLargestCount, where, "failures"));
  job.cancel_requested = row.integer(10) != 0;
  if (job.state == State::Finished) {
    const Verdict judged = verdict(row, 11, where);
    job.passed = judged == Verdict::Passed || judged == Verdict::Flaky;
  }
  if (!job.attempt && job.state == State::Running) refuse(where, "is running without an attempt");
  if (!job.attempt) return job;
  job.assigned = row.time(12);
  job.output_bytes = number(row, 13, 0, where, "size of its latest attempt's output");
  return job;
}

// The row of that id, in rows that are in the order of their ids.
template <class Rows, class IdType>
auto find(Rows& rows, IdType id) {
  const auto found =
      std::lower_bound(rows.begin(), rows.end(), id,
                       [](const auto& row, IdType other) { return row.first < other; });
  return found == rows.end() || found->first != id ? rows.end() : found;
}

Labels labels_of(std::string_view lines) {
  Labels labels;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    labels.emplace_back(line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  return sorted(std::move(labels));
}

void read_jobs_of_unfinished_builds(const Database& database, Recovered& recovered) {
  std::map<std::string, LabelSetId> known{{"", kNoLabels}};
  Statement rows(
      database,
      "SELECT job.id, job.build, job.name, job.needs, job.state, job.attempt, job.worker, "
      "job.boot, losses, "
      "failures, cancel_requested, job.verdict, assigned_ms, output_bytes, coalesce(runs_on, ''), "
      "coalesce(priority, 2) FROM job JOIN build ON build.id = job.build LEFT JOIN specification "
      "ON specification.id = job.specification LEFT JOIN attempt ON attempt.job = job.id AND "
      "attempt.number = job.attempt "
      "WHERE build.state < 3 ORDER BY job.id");
  while (rows.next()) {
    const JobId id{number(rows, 0, 1, {"a job"}, "id")};
    RecoveredJob& job = recovered.jobs.emplace_back(id, job_of(rows, name_of("job", id))).second;
    job.priority = static_cast<Priority>(in_range(rows, 15, static_cast<int64_t>(Priority::Low),
                                                  static_cast<int64_t>(Priority::High),
                                                  name_of("job", id), "priority"));
    const LabelSetId next{static_cast<uint32_t>(recovered.label_sets.size())};
    const auto [labels, is_new] = known.insert({rows.text(14), next});
    if (is_new) recovered.label_sets.push_back(labels_of(labels->first));
    job.labels = labels->second;
    const auto build = find(recovered.builds, job.build);
    if (job.state == State::Finished && build != recovered.builds.end())
      build->second.verdict = gravest(build->second.verdict, verdict(rows, 11, name_of("job", id)));
  }
}

// At most one build of a group has been given a worker.
void read_groups(const Database& database, Recovered& recovered) {
  Statement members(database,
                    "SELECT id, repository, concurrency_group, state FROM build WHERE state < 3 "
                    "AND concurrency_group <> '' ORDER BY id");
  std::map<std::pair<int64_t, std::string>, BuildId> holders;
  while (members.next()) {
    const BuildId id = members.id<BuildId>(0);
    const std::string name = members.text(2);
    recovered.groups.push_back({id, name});
    if (members.integer(3) != static_cast<int64_t>(State::Running)) continue;
    const auto [holder, is_first] = holders.insert({{members.integer(1), name}, id});
    if (!is_first)
      refuse(name_of("build", id), "is running beside " + name_of("build", holder->second).name() +
                                       " of the same concurrency group");
  }
  Statement newest(database,
                   "SELECT name, concurrency_group, max(rank), build.id FROM build JOIN repository "
                   "ON repository.id = repository WHERE ends_older = 1 AND concurrency_group <> '' "
                   "GROUP BY repository, concurrency_group");
  while (newest.next())
    recovered.newest.push_back({newest.text(0), newest.text(1),
                                number(newest, 2, 0, {"a build"}, "rank"), newest.id<BuildId>(3)});
}

// What rows say of each other.
void check(const Recovered& recovered) {
  std::vector<bool> is_unfinished(recovered.builds.size());
  std::vector<uint64_t> next(recovered.builds.size());  // job of each; 0: any
  for (const auto& [id, job] : recovered.jobs) {
    const auto build = find(recovered.builds, job.build);
    if (build == recovered.builds.end())
      refuse(name_of("job", id),
             "belongs to " + name_of("build", job.build).name() + ", whose repository is missing");
    const auto which = static_cast<size_t>(build - recovered.builds.begin());
    if (next[which] != 0 && next[which] != id.value)
      refuse(name_of("job", id), "does not follow the other jobs of its build");
    next[which] = id.value + 1;
    if (job.state != State::Finished) is_unfinished[which] = true;
    for (JobId need : job.needs) {
      const auto needed = find(recovered.jobs, need);
      if (needed == recovered.jobs.end() || needed->second.build != job.build)
        refuse(name_of("job", id),
               "needs " + name_of("job", need).name() + ", which is not of its build");
    }
  }
  const auto without = std::find(is_unfinished.begin(), is_unfinished.end(), false);
  if (without == is_unfinished.end()) return;
  const auto& build = recovered.builds[static_cast<size_t>(without - is_unfinished.begin())];
  refuse(name_of("build", build.first),
         "has neither a verdict nor a job that could still give one");
}

// Attempts that were taken from their workers, which have not told yet how they ended.
void read_unreported(const Database& database, std::vector<std::pair<JobId, RecoveredJob>>& jobs) {
  Statement rows(
      database,
      "SELECT number, worker FROM attempt WHERE job = ? AND outcome IS NOT NULL AND steps "
      "IS NULL ORDER BY number DESC LIMIT ?");
  for (auto& [id, job] : jobs) {
    if (!job.attempt) continue;
    rows.bind(id, Job::Past::kUnreported);
    while (rows.next()) job.unreported[rows.id<AttemptNumber>(0)] = rows.text(1);
  }
}

}  // namespace

Recovered Tables::recover() {
  Recovered recovered;
  recovered.epoch = epoch_;
  recovered.last_sequence = {largest(database_, "event", "sequence", "last_sequence")};
  recovered.last_build = {largest(database_, "build", "id", "last_build")};
  recovered.last_job = {largest(database_, "job", "id", "last_job")};
  recovered.last_rank = largest(database_, "build", "rank", "last_rank");
  recovered.builds = unfinished_builds(database_);
  read_jobs_of_unfinished_builds(database_, recovered);
  check(recovered);
  read_groups(database_, recovered);
  read_unreported(database_, recovered.jobs);
  Statement known(database_,
                  "SELECT name, ref, revision, build.id FROM build JOIN repository ON "
                  "repository.id = repository "
                  "WHERE again = 0 AND state = 3");
  while (known.next())
    recovered.known.push_back({known.text(0), known.text(1),
                               revision(known, 2, known.id<BuildId>(3)), known.id<BuildId>(3)});
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
