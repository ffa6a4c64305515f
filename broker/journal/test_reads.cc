#include "broker/journal/test_reads.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <unordered_map>

#include "shared/model/limits.h"
#include "shared/wire/packed_tests.h"

namespace seaworthy::broker {
namespace {

// TestList.next: the job's place among the build's in the high bits, the test's in the low ones.
constexpr int kTestBits = 16;
constexpr uint64_t kTestMask = (uint64_t{1} << kTestBits) - 1;
static_assert(limits::kTests < kTestMask);

wire::TestColumns columns_in(const std::string& body) {
  auto columns = wire::unpack_tests(body);
  if (!columns) throw StoreError("cannot answer from the store: " + columns.error());
  return *std::move(columns);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

size_t size_of(const wire::TestRow& row) {
  return 200 + row.suite.size() + row.name.size() + row.message.size() + row.output.size();
}

// Tests that have failed in every build so far, on the way back.
class StillFailing {
 public:
  explicit StillFailing(std::span<wire::TestRow> rows) : rows_(rows), looked_(rows.size()) {
    for (size_t row = 0; row < rows.size(); ++row)
      if (is_bad(rows[row].verdict)) by_name_[rows[row].name].push_back(row), ++open_;
  }

  bool empty() const { return open_ == 0; }

  // What an earlier build says. Where a test was skipped, or is not there, it says nothing.
  void look_at(const wire::TestColumns& columns, BuildId build, const std::string& revision) {
    ++turn_;
    for (size_t test = 0; test < columns.size() && open_ > 0; ++test) {
      const auto found = by_name_.find(columns.names[test]);
      if (found == by_name_.end()) continue;
      const std::string& suite = columns.suites[columns.suite[test]];
      for (const size_t row : found->second)
        if (rows_[row].suite == suite) say(row, columns.verdict(test), build, revision);
    }
  }

  // There may be more of them further back.
  void give_up() {
    for (size_t row = 0; row < rows_.size(); ++row)
      if (is_bad(rows_[row].verdict) && looked_[row] != kClosed) rows_[row].failing_longer = true;
  }

 private:
  static constexpr size_t kClosed = SIZE_MAX;

  // The first word of a build about a name counts: the worst.
  void say(size_t row, TestVerdict verdict, BuildId build, const std::string& revision) {
    if (looked_[row] == kClosed || looked_[row] == turn_) return;
    looked_[row] = turn_;
    if (is_bad(verdict)) {
      rows_[row].failing_since = build;
      rows_[row].failing_since_revision = revision;
    } else if (verdict == TestVerdict::Passed) {
      looked_[row] = kClosed;
      --open_;
    }
  }

  std::span<wire::TestRow> rows_;
  std::unordered_map<std::string_view, std::vector<size_t>> by_name_;
  std::vector<size_t> looked_;  // the turn in which a row was found last
  size_t open_ = 0;
  size_t turn_ = 0;
};

}  // namespace

TestReads::TestReads(const std::filesystem::path& file)
    : database_(file, OpenMode::ReadOnly),
      build_(database_,
             "SELECT build.id, repository, repository.name, ref, revision, rank FROM build JOIN "
             "repository ON repository.id = repository WHERE build.id = ?"),
      build_of_job_(database_, "SELECT build FROM job WHERE id = ?"),
      jobs_(database_,
            "SELECT job.id, job.name, job.attempt, passed, failed, errors, skipped, listed, notes "
            "FROM job JOIN test_report ON test_report.job = job.id AND test_report.attempt = "
            "job.attempt WHERE build = ?1 AND (?2 = 0 OR job.id = ?2) ORDER BY job.id"),
      body_(database_, "SELECT body FROM test_report WHERE job = ? AND attempt = ?"),
      earlier_(database_,
               "SELECT earlier.id, earlier.revision, job.id, job.attempt FROM (SELECT id, "
               "revision, rank FROM build WHERE repository = ?1 AND ref = ?2 AND (rank, id) < (?3, "
               "?4) ORDER BY rank DESC, id DESC LIMIT ?5) AS earlier LEFT JOIN job ON job.build = "
               "earlier.id AND job.name = ?6 ORDER BY earlier.rank DESC, earlier.id DESC"),
      newest_(
          database_,
          "SELECT newest.id, job.id, job.attempt, ref, revision, attempt.finished_ms FROM "
          "(SELECT id, ref, revision, rank FROM build WHERE repository = (SELECT id FROM "
          "repository WHERE name = ?1) ORDER BY rank DESC, id DESC LIMIT ?2) AS newest JOIN job "
          "ON job.build = newest.id AND job.name = ?3 JOIN attempt ON attempt.job = job.id AND "
          "attempt.number = job.attempt ORDER BY newest.rank DESC, newest.id DESC") {}

std::optional<wire::TestList> TestReads::list_tests(const wire::ListTests& query) {
  const std::optional<Place> place = place_of(query);
  if (!place) return std::nullopt;
  wire::TestList list{place->build, place->repository_name, jobs_of(*place, query.job), {}, 0};
  Rest rest{std::min<size_t>(query.limit, limits::kListRows), limits::kReplyBytes};
  for (const wire::JobTests& job : list.jobs)
    rest.bytes -= std::min(rest.bytes, 120 + job.job_name.size());
  // What is wrong with the reports is said as far as there is room beside the tests.
  size_t for_notes = rest.bytes / 3;
  for (wire::JobTests& job : list.jobs)
    for (std::string& note : job.notes) {
      if (note.size() > for_notes) note.clear();
      for_notes -= note.size();
      rest.bytes -= note.size();
    }
  uint64_t from = query.after & kTestMask;
  for (uint64_t place_of_job = query.after >> kTestBits; place_of_job < list.jobs.size();
       ++place_of_job, from = 0) {
    const wire::JobTests& job = list.jobs[place_of_job];
    if (query.failed_only && job.failed + job.errors == 0) continue;
    const size_t first = list.tests.size();
    const auto next = add_rows(job, query.failed_only, from, rest, list.tests);
    look_back(*place, job.job_name, std::span(list.tests).subspan(first));
    if (!next) continue;
    list.next = place_of_job << kTestBits | *next;
    break;
  }
  return list;
}

std::optional<TestReads::Place> TestReads::place_of(const wire::ListTests& query) {
  BuildId build = query.build;
  if (!build && build_of_job_.bind(query.job).next()) {
    build = build_of_job_.id<BuildId>(0);
    build_of_job_.reset();
  }
  if (!build_.bind(build).next()) return std::nullopt;
  Place place{build_.id<BuildId>(0), build_.integer(1), build_.text(2),
              build_.text(3),        build_.text(4),    static_cast<uint64_t>(build_.integer(5))};
  build_.reset();
  return place;
}

std::vector<wire::JobTests> TestReads::jobs_of(const Place& place, JobId only) {
  std::vector<wire::JobTests> jobs;
  jobs_.bind(place.build, only);
  auto number = [this](int column) { return static_cast<uint64_t>(jobs_.integer(column)); };
  while (jobs_.next()) {
    wire::JobTests job{jobs_.id<JobId>(0),
                       jobs_.text(1),
                       jobs_.id<AttemptNumber>(2),
                       number(3),
                       number(4),
                       number(5),
                       number(6),
                       0,
                       lines_of(jobs_.text(8))};
    const uint64_t all = job.passed + job.failed + job.errors + job.skipped;
    job.left_out = all - std::min(all, number(7));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::optional<uint64_t> TestReads::add_rows(const wire::JobTests& job, bool failed_only,
                                            uint64_t from, Rest& rest,
                                            std::vector<wire::TestRow>& rows) {
  const std::string body = body_of(job.job, job.attempt);
  if (body.empty()) return std::nullopt;
  const wire::TestColumns columns = columns_in(body);
  for (uint64_t test = from; test < columns.size(); ++test) {
    if (failed_only && !is_bad(columns.verdict(test))) continue;
    TestResult result = columns.result(test);
    wire::TestRow row{job.job,
                      job.attempt,
                      std::move(result.suite),
                      std::move(result.name),
                      result.verdict,
                      result.duration_ms,
                      std::move(result.message),
                      std::move(result.output),
                      {},
                      {},
                      false};
    const size_t bytes = size_of(row);
    if (rest.rows == 0 || bytes > rest.bytes) return test;
    --rest.rows;
    rest.bytes -= bytes;
    rows.push_back(std::move(row));
  }
  return std::nullopt;
}

// Empty: there is none.
std::string TestReads::body_of(JobId job, AttemptNumber attempt) {
  if (!body_.bind(job, attempt).next()) return {};
  std::string body = body_.text(0);
  body_.reset();
  return body;
}

void TestReads::look_back(const Place& place, const std::string& job_name,
                          std::span<wire::TestRow> rows) {
  for (wire::TestRow& row : rows)
    if (is_bad(row.verdict)) {
      row.failing_since = place.build;
      row.failing_since_revision = place.revision;
    }
  StillFailing open(rows);
  if (open.empty()) return;
  earlier_.bind(place.repository, place.ref, place.rank, place.build, limits::kHistoryBuilds,
                job_name);
  size_t builds = 0, bytes = 0;
  while (!open.empty() && earlier_.next()) {
    ++builds;
    const std::string body = body_of(earlier_.id<JobId>(2), earlier_.id<AttemptNumber>(3));
    if (body.empty()) continue;
    bytes += wire::unpacked_bytes(body);
    if (bytes > limits::kHistoryBytes) {
      builds = limits::kHistoryBuilds;
      break;
    }
    open.look_at(columns_in(body), earlier_.id<BuildId>(0), earlier_.text(1));
  }
  earlier_.reset();
  if (builds >= limits::kHistoryBuilds) open.give_up();
}

wire::TestRuns TestReads::history(const wire::TestHistory& query) {
  wire::TestRuns runs;
  size_t bytes = 0, unpacked = 0;
  newest_.bind(query.repository, limits::kListRows, query.job_name);
  while (runs.runs.size() < std::min<size_t>(query.limit, limits::kListRows) &&
         bytes < limits::kReplyBytes / 2 && newest_.next()) {
    const std::string body = body_of(newest_.id<JobId>(1), newest_.id<AttemptNumber>(2));
    if (body.empty()) continue;
    unpacked += wire::unpacked_bytes(body);
    if (unpacked > limits::kHistoryBytes) break;
    const wire::TestColumns columns = columns_in(body);
    const std::optional<size_t> test = columns.find(query.suite, query.name);
    if (!test) continue;
    TestResult result = columns.result(*test);
    wire::TestRun& run = runs.runs.emplace_back(
        wire::TestRun{newest_.id<BuildId>(0), newest_.id<JobId>(1), newest_.id<AttemptNumber>(2),
                      newest_.text(3), newest_.text(4), result.verdict, result.duration_ms,
                      std::move(result.message), newest_.time(5)});
    bytes += 200 + run.ref.size() + run.message.size();
  }
  newest_.reset();
  return runs;
}

}  // namespace seaworthy::broker
