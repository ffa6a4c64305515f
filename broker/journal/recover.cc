// Reading the store after a restart: what the core needs to go on. The core relies on it, so that
// rows which no broker can have written are refused here, by name.
#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "broker/journal/journal.h"

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

size_t count(const Database& database, const char* sql) {
  Statement row(database, sql);
  row.next();
  return static_cast<size_t>(row.integer(0));
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

Labels labels_of(std::string_view lines) {
  Labels labels;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    labels.emplace_back(line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  return sorted(std::move(labels));
}

// What jobs ask of their worker, and how urgent they are: the specifications that were met.
class Specifications {
 public:
  Specifications(const Database& database, std::vector<Labels>& label_sets)
      : row_(database, "SELECT runs_on, priority FROM specification WHERE id = ?"),
        label_sets_(label_sets) {}

  // A row that is missing asks for nothing.
  std::pair<LabelSetId, Priority> look_up(int64_t id, const Row& job) {
    const auto [known, is_new] = known_.try_emplace(id, kNoLabels, Priority::Normal);
    if (is_new && row_.bind(id).next()) {
      known->second.first = number_of(row_.text(0));
      known->second.second =
          static_cast<Priority>(in_range(row_, 1, static_cast<int64_t>(Priority::Low),
                                         static_cast<int64_t>(Priority::High), job, "priority"));
    }
    return known->second;
  }

 private:
  LabelSetId number_of(const std::string& lines) {
    const LabelSetId next{static_cast<uint32_t>(label_sets_.size())};
    const auto [labels, is_new] = numbers_.insert({lines, next});
    if (is_new) label_sets_.push_back(labels_of(lines));
    return labels->second;
  }

  Statement row_;
  std::vector<Labels>& label_sets_;
  std::map<std::string, LabelSetId> numbers_{{"", kNoLabels}};
  std::unordered_map<int64_t, std::pair<LabelSetId, Priority>> known_;
};

// What only those have that were given to a worker.
class Pasts {
 public:
  explicit Pasts(const Database& database)
      : row_(database,
             "SELECT job.worker, job.boot, losses, failures, assigned_ms, output_bytes FROM job "
             "LEFT JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt WHERE "
             "job.id = ?"),
        unreported_(database,
                    "SELECT number, worker FROM attempt WHERE job = ? AND outcome IS NOT NULL AND "
                    "steps IS NULL ORDER BY number DESC LIMIT ?") {}

  Job::Past read(JobId id, const Row& where) {
    Job::Past past;
    row_.bind(id).next();
    past.worker = row_.text(0);
    past.boot = row_.token<BootId>(1);
    past.losses = static_cast<uint32_t>(in_range(row_, 2, 0, kLargestCount, where, "losses"));
    past.failures = static_cast<uint32_t>(in_range(row_, 3, 0, kLargestCount, where, "failures"));
    past.assigned = row_.time(4);
    past.output_bytes = number(row_, 5, 0, where, "size of its latest attempt's output");
    // Attempts that were taken from their workers, which have not told yet how they ended.
    unreported_.bind(id, Job::Past::kUnreported);
    while (unreported_.next())
      past.unreported[unreported_.id<AttemptNumber>(0)] = unreported_.text(1);
    return past;
  }

 private:
  Statement row_;
  Statement unreported_;
};

class Jobs {
 public:
  Jobs(const Database& database, Recovered& recovered)
      : recovered_(recovered),
        specifications_(database, recovered.label_sets),
        pasts_(database),
        rows_(database,
              "SELECT id, build, name, needs, state, attempt, cancel_requested, specification, "
              "verdict FROM job WHERE id BETWEEN "
              "(SELECT id FROM job WHERE build BETWEEN ?1 AND ?2 ORDER BY build, id LIMIT 1) AND "
              "(SELECT id FROM job WHERE build BETWEEN ?1 AND ?2 ORDER BY build DESC, id DESC "
              "LIMIT 1) ORDER BY id") {
    recovered.jobs.reserve(recovered.builds.size());
  }

  // Of builds without a verdict whose ids are in a row: so are those of their jobs.
  void read_between(size_t first, size_t last) {
    rows_.bind(recovered_.builds[first].first, recovered_.builds[last].first);
    size_t build = first;
    while (rows_.next()) {
      const JobId id{number(rows_, 0, 1, {"a job"}, "id")};
      const Row where = name_of("job", id);
      if (!recovered_.jobs.empty() && id <= recovered_.jobs.back().first)
        refuse(where, "does not follow the other jobs of its build");
      RecoveredJob& job = recovered_.jobs.emplace_back(id, read(id, where)).second;
      while (build < last && recovered_.builds[build].first < job.build) ++build;
      if (job.state == State::Finished) judge(recovered_.builds[build], job, where);
    }
  }

 private:
  RecoveredJob read(JobId id, const Row& where) {
    RecoveredJob job;
    job.build = rows_.id<BuildId>(1);
    job.name = recovered_.job_names.enter(rows_.view(2));
    job.needs = parse_ids(rows_.view(3), where);
    job.state = static_cast<State>(in_range(rows_, 4, static_cast<int64_t>(State::Queued),
                                            static_cast<int64_t>(State::Finished), where, "state"));
    job.attempt = {static_cast<uint32_t>(in_range(rows_, 5, 0, kLargestCount, where, "attempt"))};
    job.cancel_requested = rows_.integer(6) != 0;
    std::tie(job.labels, job.priority) = specifications_.look_up(rows_.integer(7), where);
    if (!job.attempt && job.state == State::Running) refuse(where, "is running without an attempt");
    if (job.attempt) recovered_.pasts.emplace_back(id, pasts_.read(id, where));
    return job;
  }

  void judge(std::pair<BuildId, RecoveredBuild>& build, RecoveredJob& job, const Row& where) {
    const Verdict judged = verdict(rows_, 8, where);
    job.passed = judged == Verdict::Passed || judged == Verdict::Flaky;
    if (build.first == job.build) build.second.verdict = gravest(build.second.verdict, judged);
  }

  Recovered& recovered_;
  Specifications specifications_;
  Pasts pasts_;
  Statement rows_;
};

void read_jobs(const Database& database, Recovered& recovered) {
  Jobs jobs(database, recovered);
  const auto& builds = recovered.builds;
  for (size_t first = 0, last = 0; first < builds.size(); first = last + 1) {
    last = first;
    while (last + 1 < builds.size() && builds[last + 1].first.value == builds[last].first.value + 1)
      ++last;
    jobs.read_between(first, last);
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

Recovered Journal::recover() {
  Recovered recovered;
  recovered.epoch = epoch_;
  recovered.last_sequence = {largest(database_, "event", "sequence", "last_sequence")};
  recovered.last_build = {largest(database_, "build", "id", "last_build")};
  recovered.last_job = {largest(database_, "job", "id", "last_job")};
  recovered.last_rank = largest(database_, "build", "rank", "last_rank");
  read_builds(database_, recovered);
  read_jobs(database_, recovered);
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
