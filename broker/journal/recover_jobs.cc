#include "broker/journal/recover_jobs.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>
#include <unordered_map>

#include "broker/journal/recover_rows.h"

namespace seaworthy::broker {
namespace {

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
class Demands {
 public:
  Demands(const Database& database, std::vector<Labels>& label_sets)
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

class JobReader {
 public:
  explicit JobReader(const Database& database)
      : demands_(database, read_.label_sets),
        pasts_(database),
        bounds_(database, "SELECT min(id), max(id) FROM job WHERE build BETWEEN ? AND ?"),
        rows_(database,
              "SELECT id, build, name, needs, state, attempt, cancel_requested, specification, "
              "verdict FROM job WHERE id BETWEEN ? AND ? ORDER BY id") {
    read_.jobs.reserve(count(database, "SELECT count(*) FROM build WHERE state < 3"));
  }

  // Of builds whose ids are in a row: so are those of their jobs.
  void read_between(BuildId first, BuildId last) {
    bounds_.bind(first, last).next();
    if (bounds_.is_null(0)) return;
    rows_.bind(bounds_.integer(0), bounds_.integer(1));
    while (rows_.next()) {
      const JobId id{number(rows_, 0, 1, {"a job"}, "id")};
      const Row where = name_of("job", id);
      if (!read_.jobs.empty() && id <= read_.jobs.back().first)
        refuse(where, "does not follow the other jobs of its build");
      read_.jobs.emplace_back(id, job_of_row(id, where));
    }
  }
  JobRows take() { return std::move(read_); }

 private:
  RecoveredJob job_of_row(JobId id, const Row& where) {
    RecoveredJob job;
    job.build = rows_.id<BuildId>(1);
    job.name = read_.names.enter(rows_.view(2));
    job.needs = parse_ids(rows_.view(3), where);
    job.state = static_cast<State>(in_range(rows_, 4, static_cast<int64_t>(State::Queued),
                                            static_cast<int64_t>(State::Finished), where, "state"));
    job.attempt = {static_cast<uint32_t>(in_range(rows_, 5, 0, kLargestCount, where, "attempt"))};
    job.cancel_requested = rows_.integer(6) != 0;
    std::tie(job.labels, job.priority) = demands_.look_up(rows_.integer(7), where);
    if (!job.attempt && job.state == State::Running) refuse(where, "is running without an attempt");
    if (job.attempt) read_.pasts.emplace_back(id, pasts_.read(id, where));
    if (job.state == State::Finished) judge(job, verdict(rows_, 8, where));
    return job;
  }

  void judge(RecoveredJob& job, Verdict verdict) {
    job.passed = verdict == Verdict::Passed || verdict == Verdict::Flaky;
    if (read_.verdicts.empty() || read_.verdicts.back().first != job.build)
      read_.verdicts.emplace_back(job.build, verdict);
    Verdict& gravest_so_far = read_.verdicts.back().second;
    gravest_so_far = gravest(gravest_so_far, verdict);
  }

  JobRows read_;
  Demands demands_;
  Pasts pasts_;
  Statement bounds_, rows_;
};

}  // namespace

JobRows read_jobs(const Database& database) {
  JobReader reader(database);
  Statement builds(database, "SELECT id FROM build WHERE state < 3 ORDER BY id");
  BuildId first, last;  // of a row of neighbours; 0: none yet
  while (builds.next()) {
    const BuildId id{number(builds, 0, 1, {"a build"}, "id")};
    if (first && id.value != last.value + 1) {
      reader.read_between(first, last);
      first = {};
    }
    if (!first) first = id;
    last = id;
  }
  if (first) reader.read_between(first, last);
  return reader.take();
}

}  // namespace seaworthy::broker
