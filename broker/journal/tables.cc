#include "broker/journal/tables.h"

#include <openssl/sha.h>

#include <string>
#include <tuple>
#include <utility>

#include "broker/journal/schema.h"
#include "shared/base/assert.h"
#include "shared/wire/codec.h"
#include "shared/wire/packed_tests.h"

namespace seaworthy::broker {
namespace {

constexpr size_t kCachedSpecifications = 10'000;
constexpr size_t kEventsAtOnce = 16;

std::string sha256(const std::string& bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string joined(const std::vector<JobId>& ids) {
  std::string text;
  for (JobId id : ids) text += (text.empty() ? "" : " ") + std::to_string(id.value);
  return text;
}

std::string lines_of(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? "" : "\n") + label;
  return text;
}

}  // namespace

Tables::Tables(const std::filesystem::path& file) : database_(file, OpenMode::ReadWrite) {
  prepare_store(database_);
  database_.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'");
  Statement epoch(database_, "SELECT value FROM meta WHERE key = 'epoch'");
  epoch.next();
  epoch_ = epoch.id<Epoch>(0);
}

uint64_t Tables::filed() {
  Statement& select = prepared("SELECT value FROM meta WHERE key = 'filed'");
  SW_ASSERT(select.next());
  const auto record = static_cast<uint64_t>(select.integer(0));
  select.reset();
  return record;
}

void Tables::file(const std::vector<SharedChanges>& changes, uint64_t up_to_record,
                  Durability durability) {
  if (durability != std::exchange(durability_, durability))
    database_.execute(durability == Durability::Now ? "PRAGMA synchronous = FULL"
                                                    : "PRAGMA synchronous = NORMAL");
  builds_.clear(), jobs_.clear(), attempts_.clear(), events_.clear();  // of one that failed
  prepared("BEGIN IMMEDIATE").run();
  for (const SharedChanges& some : changes)
    for (const Change& change : *some)
      std::visit([&](const auto& body) { write(change, body); }, change.body);
  write_pending();
  prepared("UPDATE meta SET value = ? WHERE key = 'filed'").bind(up_to_record).run();
  prepared("COMMIT").run();
}

void Tables::write_pending() {
  for (const auto& [id, row] : std::exchange(builds_, {})) write(id, row);
  for (const auto& [id, row] : std::exchange(jobs_, {})) write(id, row);
  for (const auto& [key, row] : std::exchange(attempts_, {})) write(key, row);
  size_t written = 0;
  for (; written + kEventsAtOnce <= events_.size(); written += kEventsAtOnce)
    write_events(written, std::make_index_sequence<kEventsAtOnce>());
  for (; written < events_.size(); ++written) write_events(written, std::make_index_sequence<1>());
  events_.clear();
}

void Tables::write(BuildId id, const PendingBuild& row) {
  const std::optional<UnixMillis> finished =
      row.verdict ? std::optional(row.finished_at) : std::nullopt;
  const RowState state = row.verdict   ? RowState::Finished
                         : row.started ? RowState::Running
                                       : RowState::Queued;
  if (const BuildSubmitted* build = row.submitted)
    prepared(
        "INSERT INTO build (id, rank, repository, ref, revision, subject, author, again, "
        "concurrency_group, ends_older, submitted_ms, state, verdict, started_ms, finished_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ifnull(?, 0), ifnull(?, 0))")
        .bind(id, build->rank, repository_id(build->repository), build->ref, build->revision,
              build->subject, build->author, build->again, build->group, build->ends_older,
              row.submitted_at, state, row.verdict, row.started, finished)
        .run();
  else
    prepared(
        "UPDATE build SET started_ms = iif(state = 1, ifnull(?4, started_ms), started_ms), "
        "state = max(state, ?2), verdict = ifnull(?3, verdict), "
        "finished_ms = ifnull(?5, finished_ms) WHERE id = ?1")
        .bind(id, state, row.verdict, row.started, finished)
        .run();
}

void Tables::write(JobId id, const PendingJob& row) {
  if (const NewJob* job = row.submitted)
    prepared(
        "INSERT INTO job (id, build, name, specification, needs, state, attempt, worker, boot, "
        "losses, failures, cancel_requested, verdict, note) VALUES (?, ?, ?, ?, ?, ifnull(?, 1), "
        "ifnull(?, 0), ifnull(?, ''), ?, ifnull(?, 0), ifnull(?, 0), ifnull(?, 0), ?, "
        "ifnull(?, ''))")
        .bind(id, row.build, job->name, specification_id(job->specification), joined(job->needs),
              row.state, row.attempt, row.worker, row.boot, row.losses, row.failures,
              row.cancel_requested, row.verdict, row.note)
        .run();
  else
    prepared(
        "UPDATE job SET state = ifnull(?2, state), attempt = ifnull(?3, attempt), "
        "worker = ifnull(?4, worker), boot = ifnull(?5, boot), losses = ifnull(?6, losses), "
        "failures = ifnull(?7, failures), cancel_requested = ifnull(?8, cancel_requested), "
        "verdict = ifnull(?9, verdict), note = ifnull(?10, note) WHERE id = ?1")
        .bind(id, row.state, row.attempt, row.worker, row.boot, row.losses, row.failures,
              row.cancel_requested, row.verdict, row.note)
        .run();
}

void Tables::write(AttemptKey key, const PendingAttempt& row) {
  const wire::AttemptFinished none;
  const wire::AttemptFinished& report = row.report != nullptr ? *row.report : none;
  const bool is_reported = row.report != nullptr;
  const std::string steps = is_reported ? wire::encode_steps(report.steps) : "";
  const std::optional<Outcome> outcome = row.outcome.value_or(std::nullopt);
  if (const AttemptAssigned* assigned = row.assigned)
    prepared(
        "INSERT INTO attempt (job, number, worker, boot, assigned_ms, outcome, detail, steps, "
        "first_output_ms, finished_ms, output_bytes, output_sha256, output_truncated) VALUES "
        "(?, ?, ?, ?, ?, ?, ifnull(?, ''), iif(?, ?, NULL), ?, ifnull(?, 0), ifnull(?, 0), ?, ?)")
        .bind(key.job, key.attempt, assigned->worker, assigned->boot, row.assigned_at, outcome,
              row.detail, is_reported, Statement::as_blob(steps), report.first_output, row.finished,
              row.output_bytes, report.output_sha256, report.output_truncated)
        .run();
  else
    prepared(
        "UPDATE attempt SET outcome = iif(?3, ?4, outcome), detail = ifnull(?5, detail), "
        "finished_ms = ifnull(?6, finished_ms), output_bytes = ifnull(?7, output_bytes), "
        "steps = iif(?8, ?9, steps), first_output_ms = iif(?8, ?10, first_output_ms), "
        "output_sha256 = iif(?8, ?11, output_sha256), "
        "output_truncated = iif(?8, ?12, output_truncated) WHERE job = ?1 AND number = ?2")
        .bind(key.job, key.attempt, row.outcome.has_value(), outcome, row.detail, row.finished,
              row.output_bytes, is_reported, Statement::as_blob(steps), report.first_output,
              report.output_sha256, report.output_truncated)
        .run();
}

void Tables::write(const Change& change, const BuildSubmitted& body) {
  PendingBuild& build = builds_[body.build];
  build.submitted = &body;
  build.submitted_at = change.at;
  for (const NewJob& new_job : body.jobs) {
    PendingJob& job = jobs_[new_job.job];
    job.submitted = &new_job;
    job.build = body.build;
  }
  write_event(change, body.build, {}, {}, "", "");
}

void Tables::write(const Change&, const RequestTaken& body) {
  prepared("INSERT INTO request (id, digest, first_build) VALUES (?, ?, ?)")
      .bind(body.request, body.digest, body.first_build)
      .run();
}

void Tables::write(const Change& change, const AttemptAssigned& body) {
  PendingJob& job = jobs_[body.job];
  job.state = RowState::Running;
  job.attempt = body.attempt;
  job.worker = body.worker;
  job.boot = body.boot;
  PendingAttempt& attempt = attempts_[{body.job, body.attempt}];
  attempt.assigned = &body;
  attempt.assigned_at = change.at;
  PendingBuild& build = builds_[body.build];
  build.started = build.started.value_or(change.at);
  write_event(change, body.build, body.job, body.attempt, body.worker, "");
}

void Tables::write(const Change& change, const AttemptReattached& body) {
  jobs_[body.job].boot = body.boot;
  write_event(change, {}, body.job, body.attempt, body.worker, "");
}

void Tables::write(const Change& change, const AttemptAdopted& body) {
  PendingJob& job = jobs_[body.job];
  job.state = RowState::Running;
  job.worker = body.worker;
  job.boot = body.boot;
  PendingAttempt& attempt = attempts_[{body.job, body.attempt}];
  attempt.outcome = std::optional<Outcome>();
  attempt.detail = "";
  attempt.finished = UnixMillis{0};
  write_event(change, {}, body.job, body.attempt, body.worker, "");
}

void Tables::write(const Change& change, const AttemptReturned& body) {
  PendingJob& job = jobs_[body.job];
  job.state = RowState::Queued;
  job.worker = "";
  PendingAttempt& attempt = attempts_[{body.job, body.attempt}];
  attempt.outcome = Outcome::Cancelled;
  attempt.detail = "given back: " + body.reason;
  attempt.finished = change.at;
  write_event(change, {}, body.job, body.attempt, body.worker, body.reason);
}

void Tables::write(const Change& change, const AttemptLost& body) {
  PendingJob& job = jobs_[body.job];
  job.state = RowState::Queued;
  job.losses = body.losses;
  PendingAttempt& attempt = attempts_[{body.job, body.attempt}];
  attempt.outcome = Outcome::Lost;
  attempt.detail = body.reason;
  attempt.finished = change.at;
  write_event(change, {}, body.job, body.attempt, body.worker, body.reason);
}

void Tables::write(const Change& change, const AttemptEnded& body) {
  PendingJob& job = jobs_[body.job];
  job.state = RowState::Queued;
  job.worker = "";
  job.failures = body.failures;
  take_report(change, {body.job, body.attempt}, body.report);
  write_event(change, body.build, body.job, body.attempt, body.worker,
              to_string(body.report.outcome));
}

void Tables::write(const Change& change, const AttemptSuperseded& body) {
  take_report(change, {body.job, body.attempt}, body.report);
  write_event(change, {}, body.job, body.attempt, body.worker, to_string(body.report.outcome));
}

void Tables::take_report(const Change& change, AttemptKey key,
                         const wire::AttemptFinished& report) {
  PendingAttempt& attempt = attempts_[key];
  attempt.outcome = report.outcome;
  attempt.detail = report.detail;
  attempt.report = &report;
  attempt.finished = change.at;
  if (!report.tests.data.empty()) write_tests(key.job, key.attempt, report.tests.data);
}

// Whoever reads it later may rely on its being sound; what a worker sent that is not is left out,
// and said so.
void Tables::write_tests(JobId job, AttemptNumber attempt, const std::string& packed) {
  TestReport replacement;
  Result<wire::TestColumns> columns = wire::unpack_tests(packed);
  if (!columns) {
    replacement.notes = {columns.error()};
    columns = wire::columns_of(replacement);
  }
  std::string notes;
  for (const std::string& note : columns->notes) notes += (notes.empty() ? "" : "\n") + note;
  prepared(
      "INSERT OR REPLACE INTO test_report (job, attempt, passed, failed, errors, skipped, listed, "
      "notes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(job, attempt, columns->passed, columns->failed, columns->errors, columns->skipped,
            columns->size(), notes,
            Statement::as_blob(replacement.notes.empty() ? packed : wire::pack_tests(replacement)))
      .run();
}

void Tables::write(const Change& change, const CancelRequested& body) {
  jobs_[body.job].cancel_requested = true;
  write_event(change, {}, body.job, {}, "", body.reason);
}

void Tables::write(const Change& change, const JobFinished& body) {
  PendingJob& job = jobs_[body.job];
  job.state = RowState::Finished;
  job.verdict = body.verdict;
  job.note = body.note;
  write_event(change, body.build, body.job, body.attempt, "", to_string(body.verdict));
}

void Tables::write(const Change& change, const BuildFinished& body) {
  PendingBuild& build = builds_[body.build];
  build.verdict = body.verdict;
  build.finished_at = change.at;
  write_event(change, body.build, {}, {}, "", to_string(body.verdict));
}

void Tables::write(const Change&, const HeadAdvanced& body) {
  if (body.revision.empty())
    prepared("DELETE FROM head WHERE repository = ? AND ref = ?")
        .bind(repository_id(body.repository), body.ref)
        .run();
  else
    prepared(
        "INSERT INTO head (repository, ref, revision) VALUES (?, ?, ?) "
        "ON CONFLICT (repository, ref) DO UPDATE SET revision = excluded.revision")
        .bind(repository_id(body.repository), body.ref, body.revision)
        .run();
}

void Tables::write(const Change&, const CursorSaved& body) {
  prepared(
      "INSERT INTO cursor (name, sequence) VALUES (?, ?) "
      "ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence")
      .bind(body.name, body.sequence)
      .run();
}

void Tables::write(const Change&, const RepositoryPaused& body) {
  prepared(body.paused ? "INSERT INTO paused (repository) VALUES (?) ON CONFLICT DO NOTHING"
                       : "DELETE FROM paused WHERE repository = ?")
      .bind(repository_id(body.repository))
      .run();
}

void Tables::write(const Change&, const OutputStored& body) {
  attempts_[{body.job, body.attempt}].output_bytes = body.offset + body.size;
}

// Numbers are never given twice: the highest ones are kept where the rows that had them may go.
void Tables::write(const Change&, const BuildRemoved& body) {
  write_pending();
  for (const char* remember :
       {"UPDATE meta SET value = max(value, (SELECT ifnull(max(sequence), 0) FROM event)) WHERE "
        "key = "
        "'last_sequence'",
        "UPDATE meta SET value = max(value, (SELECT max(id) FROM build)) WHERE key = 'last_build'",
        "UPDATE meta SET value = max(value, (SELECT max(id) FROM job)) WHERE key = 'last_job'",
        "UPDATE meta SET value = max(value, (SELECT max(rank) FROM build)) WHERE key = 'last_rank'",
        "UPDATE meta SET value = value + 1 WHERE key = 'removed_builds'"})
    prepared(remember).run();
  for (const char* remove :
       {"DELETE FROM event WHERE build = ?",
        "DELETE FROM test_report WHERE job IN (SELECT id FROM job WHERE build = ?)",
        "DELETE FROM attempt WHERE job IN (SELECT id FROM job WHERE build = ?)",
        "DELETE FROM job WHERE build = ?", "DELETE FROM request WHERE first_build = ?",
        "DELETE FROM build WHERE id = ?"})
    prepared(remove).bind(body.build).run();
}

void Tables::write_event(const Change& change, BuildId build, JobId job, AttemptNumber attempt,
                         std::string_view worker, std::string_view detail) {
  const std::optional<wire::EventKind> kind = event_kind(change.body);
  SW_ASSERT(kind && change.sequence);
  events_.push_back({change.sequence, change.at, *kind, build, job, attempt, worker, detail});
}

// By one statement, which costs as much as its rows.
template <size_t... kRow>
void Tables::write_events(size_t first, std::index_sequence<kRow...>) {
  static const std::string sql = [] {
    std::string text =
        "INSERT INTO event (sequence, at_ms, kind, build, job, attempt, worker, detail) VALUES ";
    for (size_t row = 0; row < sizeof...(kRow); ++row)
      text += std::string(row == 0 ? "" : ", ") +
              "(?, ?, ?, ifnull(nullif(?, 0), (SELECT build FROM job WHERE id = ?)), ?, ?, ?, ?)";
    return text;
  }();
  const auto columns = [](const PendingEvent& event) {
    return std::tie(event.sequence, event.at, event.kind, event.build, event.job, event.job,
                    event.attempt, event.worker, event.detail);
  };
  std::apply([&](const auto&... values) { prepared(sql.c_str()).bind(values...).run(); },
             std::tuple_cat(columns(events_[first + kRow])...));
}

int64_t Tables::repository_id(const std::string& name) {
  if (auto found = repositories_.find(name); found != repositories_.end()) return found->second;
  prepared("INSERT INTO repository (name) VALUES (?) ON CONFLICT DO NOTHING").bind(name).run();
  Statement& select = prepared("SELECT id FROM repository WHERE name = ?");
  SW_ASSERT(select.bind(name).next());
  const int64_t id = select.integer(0);
  select.reset();
  return repositories_[name] = id;
}

int64_t Tables::specification_id(const JobSpec& specification) {
  const std::string body = wire::encode_specification(specification);
  const std::string digest = sha256(body);
  if (auto found = specifications_.find(digest); found != specifications_.end())
    return found->second;
  prepared(
      "INSERT INTO specification (digest, body, runs_on, priority) VALUES (?, ?, ?, ?) "
      "ON CONFLICT DO NOTHING")
      .bind(Statement::as_blob(digest), Statement::as_blob(body), lines_of(specification.runs_on),
            specification.priority)
      .run();
  Statement& select = prepared("SELECT id FROM specification WHERE digest = ?");
  SW_ASSERT(select.bind(Statement::as_blob(digest)).next());
  const int64_t id = select.integer(0);
  select.reset();
  if (specifications_.size() >= kCachedSpecifications) specifications_.clear();
  return specifications_[digest] = id;
}

Statement& Tables::prepared(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.emplace(sql, Statement(database_, sql)).first;
  return found->second;
}

}  // namespace seaworthy::broker
