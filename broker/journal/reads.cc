#include "broker/journal/reads.h"

#include <algorithm>
#include <sstream>

#include "shared/model/limits.h"
#include "shared/wire/codec.h"

namespace seaworthy::broker {
namespace {

#define BUILD_COLUMNS                                                                             \
  "build.id, rank, repository.name, ref, revision, subject, author, build.state, build.verdict, " \
  "submitted_ms, started_ms, finished_ms FROM build JOIN repository ON repository.id = "          \
  "repository "
#define EVENT_COLUMNS                                                                              \
  "event.sequence, event.at_ms, event.kind, event.build, event.job, event.attempt, event.worker, " \
  "event.detail, "                                                                                 \
  "repository.name, build.ref, build.revision, job.name, build.subject, CASE event.kind WHEN 7 "   \
  "THEN event.at_ms - "                                                                            \
  "attempt.assigned_ms WHEN 11 THEN event.at_ms - build.submitted_ms ELSE 0 END FROM event JOIN "  \
  "build ON build.id "                                                                             \
  "= event.build JOIN repository ON repository.id = build.repository LEFT JOIN job ON job.id = "   \
  "event.job LEFT JOIN "                                                                           \
  "attempt ON attempt.job = event.job AND attempt.number = event.attempt "

// What has no word cannot be said: an enumerator that no broker wrote is the store's fault.
template <class Enum>
Enum enum_of(const Statement& row, int column, Enum last) {
  const int64_t value = row.integer(column);
  if (value < 1 || value > static_cast<int64_t>(last))
    throw StoreError("cannot answer from the store: it has the impossible value " +
                     std::to_string(value) + " for a state, verdict, outcome or kind of event");
  return static_cast<Enum>(value);
}

template <class Enum>
std::optional<Enum> optional_enum(const Statement& row, int column, Enum last) {
  if (row.is_null(column)) return std::nullopt;
  return enum_of(row, column, last);
}

// A revision is hex digits, so its prefix is a range: `1a2` to `1a3`, exclusively. This lets the
// index serve it.
std::string end_of_prefix(std::string prefix) {
  ++prefix.back();
  return prefix;
}

size_t size_of(const wire::EventRow& row) {
  return 200 + row.worker.size() + row.detail.size() + row.repository.size() + row.ref.size() +
         row.job_name.size() + row.subject.size();
}

}  // namespace

Reads::Reads(const std::filesystem::path& file)
    : database_(file, OpenMode::ReadOnly),
      build_by_id_(database_, "SELECT " BUILD_COLUMNS "WHERE build.id = ?"),
      build_of_job_(database_, "SELECT build FROM job WHERE id = ?"),
      jobs_(database_,
            "SELECT job.id, job.name, job.state, job.verdict, job.note, specification.body, "
            "job.needs FROM job JOIN "
            "specification ON specification.id = job.specification WHERE job.build = ? ORDER BY "
            "job.id"),
      briefs_(database_,
              "SELECT job.id, name, state, verdict, ifnull(assigned_ms, 0), ifnull(finished_ms, 0) "
              "FROM job LEFT JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt "
              "WHERE build = ? ORDER BY job.id"),
      attempts_(database_,
                "SELECT number, worker, outcome, detail, assigned_ms, first_output_ms, "
                "finished_ms, output_bytes, "
                "output_truncated, steps FROM attempt WHERE job = ? ORDER BY number"),
      events_(database_,
              "SELECT " EVENT_COLUMNS "WHERE event.sequence > ? ORDER BY event.sequence LIMIT ?"),
      events_of_build_(database_, "SELECT " EVENT_COLUMNS
                                  "WHERE event.build = ? ORDER BY event.sequence LIMIT ?"),
      extent_(
          database_,
          "SELECT attempt.number, output_bytes, finished_ms, job.state, assigned_ms FROM attempt "
          "JOIN job ON job.id = attempt.job "
          "WHERE job = ?1 AND number = CASE ?2 WHEN 0 THEN job.attempt ELSE ?2 END"),
      job_note_(database_, "SELECT note, state FROM job WHERE id = ?"),
      group_(database_,
             "SELECT concurrency_group, ends_older FROM build WHERE id = ? AND concurrency_group "
             "<> ''") {}

wire::BuildList Reads::list_builds(const wire::ListBuilds& query) {
  std::string sql = "SELECT " BUILD_COLUMNS "WHERE 1";
  if (!query.repository.empty())
    sql += " AND repository = (SELECT id FROM repository WHERE name = ?1)";
  if (!query.revision.empty()) sql += " AND revision >= ?2 AND revision < ?3";
  if (!query.ref.empty()) sql += " AND ref = ?4";
  if (query.before != 0) sql += " AND rank < ?5";
  sql += " ORDER BY rank DESC, build.id DESC LIMIT ?6";
  Statement rows(database_, sql);
  rows.bind(query.repository, query.revision,
            query.revision.empty() ? "" : end_of_prefix(query.revision), query.ref, query.before,
            std::min<uint64_t>(query.limit, limits::kListRows));
  wire::BuildList list;
  size_t bytes = 0;
  const size_t most = query.with_jobs ? limits::kReplyBytes / 2 : limits::kReplyBytes;
  while (bytes < most && rows.next()) {
    wire::BuildRow& row = list.builds.emplace_back(build_row(rows));
    bytes += 300 + row.repository.size() + row.ref.size() + row.subject.size() + row.author.size();
    if (query.with_jobs) row.jobs = briefs_of(row.build);
    for (const wire::JobBrief& job : row.jobs) bytes += 120 + job.name.size();
  }
  return list;
}

std::optional<wire::BuildDetail> Reads::show_build(const wire::ShowBuild& query) {
  BuildId build = query.build;
  if (!build && build_of_job_.bind(query.job).next()) {
    build = build_of_job_.id<BuildId>(0);
    build_of_job_.reset();
  }
  if (!build_by_id_.bind(build).next()) return std::nullopt;
  wire::BuildDetail detail;
  detail.build = build_row(build_by_id_);
  build_by_id_.reset();
  detail.jobs = jobs_of(build, query.with_specifications);
  if (group_.bind(build).next()) {
    detail.concurrency = Concurrency{group_.text(0), group_.integer(1) != 0};
    group_.reset();
  }
  events_of_build_.bind(build, limits::kListRows);
  size_t bytes = 0;
  while (bytes < limits::kReplyBytes / 2 && events_of_build_.next()) {
    bytes += size_of(detail.timeline.emplace_back(event_row(events_of_build_)));
  }
  events_of_build_.reset();
  return detail;
}

// In the order of (repository, ref), so that the last one of an answer says where the next one
// begins.
wire::HeadList Reads::list_heads(const wire::ListHeads& query) {
  std::string sql =
      "SELECT name, ref, revision FROM head JOIN repository ON id = repository WHERE 1";
  if (!query.repository.empty()) sql += " AND name = ?1";
  if (!query.after.empty()) sql += " AND ref > ?2";
  sql += " ORDER BY name, ref LIMIT ?3";
  constexpr int64_t kMostRows = 10'000;
  Statement rows(database_, sql);
  rows.bind(query.repository, query.after, kMostRows);
  wire::HeadList list;
  size_t bytes = 0;
  while (rows.next()) {
    list.more = bytes > limits::kReplyBytes / 2 || list.heads.size() == kMostRows - 1;
    if (list.more) break;
    const wire::Head& head =
        list.heads.emplace_back(wire::Head{rows.text(0), rows.text(1), rows.text(2)});
    bytes += 100 + head.repository.size() + head.ref.size();
  }
  return list;
}

std::vector<wire::EventRow> Reads::events_after(EventSequence after, uint32_t limit) {
  std::vector<wire::EventRow> events;
  events_.bind(after, std::min<uint64_t>(limit, limits::kListRows));
  size_t bytes = 0;
  while (bytes < limits::kReplyBytes && events_.next())
    bytes += size_of(events.emplace_back(event_row(events_)));
  events_.reset();
  return events;
}

std::optional<OutputExtent> Reads::output_extent(JobId job, AttemptNumber attempt) {
  if (extent_.bind(job, attempt).next()) {
    OutputExtent extent{extent_.id<AttemptNumber>(0), static_cast<uint64_t>(extent_.integer(1)),
                        extent_.integer(2) != 0 && (attempt || extent_.integer(3) == 3), "",
                        extent_.time(4)};
    extent_.reset();
    return extent;
  }
  if (attempt || !job_note_.bind(job).next()) return std::nullopt;
  OutputExtent extent{{}, 0, job_note_.integer(1) == 3, job_note_.text(0)};
  job_note_.reset();
  if (!extent.note.empty() && extent.note.back() != '\n') extent.note.push_back('\n');
  extent.bytes = extent.note.size();
  return extent;
}

wire::BuildRow Reads::build_row(const Statement& row) {
  return {row.id<BuildId>(0),
          static_cast<uint64_t>(row.integer(1)),
          row.text(2),
          row.text(3),
          row.text(4),
          row.text(5),
          row.text(6),
          enum_of(row, 7, State::Finished),
          optional_enum(row, 8, Verdict::Inconclusive),
          row.time(9),
          row.time(10),
          row.time(11)};
}

std::vector<wire::JobRow> Reads::jobs_of(BuildId build, bool with_specifications) {
  constexpr size_t kToldNeeds = 8'192;  // of one build: an answer fits its frame
  size_t told_needs = 0;
  std::vector<wire::JobRow> jobs;
  jobs_.bind(build);
  while (jobs_.next()) {
    wire::JobRow job;
    job.job = jobs_.id<JobId>(0);
    job.name = jobs_.text(1);
    job.state = enum_of(jobs_, 2, State::Finished);
    job.verdict = optional_enum(jobs_, 3, Verdict::Inconclusive);
    job.note = jobs_.text(4);
    std::istringstream needs(jobs_.text(6));
    for (JobId needed; told_needs < kToldNeeds && needs >> needed.value; ++told_needs)
      job.needs.push_back(needed);
    if (with_specifications) {
      Result<JobSpec> spec = wire::decode_specification(jobs_.text(5));
      if (!spec) throw StoreError("job " + std::to_string(job.job.value) + ": " + spec.error());
      job.specification = *std::move(spec);
    }
    jobs.push_back(std::move(job));
  }
  for (wire::JobRow& job : jobs) job.attempts = attempts_of(job.job);
  return jobs;
}

std::vector<wire::JobBrief> Reads::briefs_of(BuildId build) {
  std::vector<wire::JobBrief> jobs;
  briefs_.bind(build);
  while (briefs_.next())
    jobs.push_back({briefs_.id<JobId>(0), briefs_.text(1), enum_of(briefs_, 2, State::Finished),
                    optional_enum(briefs_, 3, Verdict::Inconclusive), briefs_.time(4),
                    briefs_.time(5)});
  return jobs;
}

std::vector<wire::AttemptRow> Reads::attempts_of(JobId job) {
  std::vector<wire::AttemptRow> attempts;
  attempts_.bind(job);
  while (attempts_.next()) {
    wire::AttemptRow& row = attempts.emplace_back();
    row.attempt = attempts_.id<AttemptNumber>(0);
    row.worker = attempts_.text(1);
    row.outcome = optional_enum(attempts_, 2, Outcome::Broken);
    row.detail = attempts_.text(3);
    row.assigned = attempts_.time(4);
    row.first_output = attempts_.time(5);
    row.finished = attempts_.time(6);
    row.output_bytes = static_cast<uint64_t>(attempts_.integer(7));
    row.output_truncated = attempts_.integer(8) != 0;
    if (attempts_.is_null(9)) continue;
    Result<std::vector<wire::StepResult>> steps = wire::decode_steps(attempts_.text(9));
    if (!steps)
      throw StoreError("an attempt of job " + std::to_string(job.value) + ": " + steps.error());
    row.steps = *std::move(steps);
  }
  return attempts;
}

bool Reads::was_removed(const wire::ShowBuild& query) {
  Statement highest(
      database_,
      "SELECT (SELECT value FROM meta WHERE key = 'removed_builds') > 0 AND ? <= "
      "max((SELECT value FROM meta WHERE key = 'last_build'), (SELECT ifnull(max(id), 0) "
      "FROM build)) AND ? <= max((SELECT value FROM meta WHERE key = 'last_job'), (SELECT "
      "ifnull(max(id), 0) FROM job))");
  return highest.bind(query.build, query.job).next() && highest.integer(0) != 0;
}

wire::EventRow Reads::event_row(const Statement& row) {
  return {row.id<EventSequence>(0),
          row.time(1),
          enum_of(row, 2, wire::EventKind::BuildFinished),
          row.id<BuildId>(3),
          row.id<JobId>(4),
          row.id<AttemptNumber>(5),
          row.text(6),
          row.text(7),
          row.text(8),
          row.text(9),
          row.text(10),
          row.text(11),
          row.text(12),
          static_cast<uint64_t>(std::max<int64_t>(row.integer(13), 0))};
}

}  // namespace seaworthy::broker
