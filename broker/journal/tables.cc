#include "broker/journal/tables.h"

#include <openssl/sha.h>

#include <utility>

#include "broker/journal/schema.h"
#include "shared/base/assert.h"
#include "shared/wire/codec.h"
#include "shared/wire/packed_tests.h"

namespace seaworthy::broker {
namespace {

constexpr size_t kCachedSpecifications = 10'000;

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
  prepared("BEGIN IMMEDIATE").run();
  for (const SharedChanges& some : changes)
    for (const Change& change : *some)
      std::visit([&](const auto& body) { write(change, body); }, change.body);
  prepared("UPDATE meta SET value = ? WHERE key = 'filed'").bind(up_to_record).run();
  prepared("COMMIT").run();
}

void Tables::write(const Change& change, const BuildSubmitted& body) {
  prepared(
      "INSERT INTO build (id, rank, repository, ref, revision, subject, author, again, state, "
      "submitted_ms, concurrency_group, ends_older) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)")
      .bind(body.build, body.rank, repository_id(body.repository), body.ref, body.revision,
            body.subject, body.author, body.again, change.at, body.group, body.ends_older)
      .run();
  for (const NewJob& job : body.jobs)
    prepared("INSERT INTO job (id, build, name, specification, needs) VALUES (?, ?, ?, ?, ?)")
        .bind(job.job, body.build, job.name, specification_id(job.specification), joined(job.needs))
        .run();
  write_event(change, body.build, {}, {}, "", "");
}

void Tables::write(const Change&, const RequestTaken& body) {
  prepared("INSERT INTO request (id, digest, first_build) VALUES (?, ?, ?)")
      .bind(body.request, body.digest, body.first_build)
      .run();
}

void Tables::write(const Change& change, const AttemptAssigned& body) {
  prepared("UPDATE job SET state = 2, attempt = ?2, worker = ?3, boot = ?4 WHERE id = ?1")
      .bind(body.job, body.attempt, body.worker, body.boot)
      .run();
  prepared("INSERT INTO attempt (job, number, worker, boot, assigned_ms) VALUES (?, ?, ?, ?, ?)")
      .bind(body.job, body.attempt, body.worker, body.boot, change.at)
      .run();
  prepared("UPDATE build SET state = 2, started_ms = ?2 WHERE id = ?1 AND state = 1")
      .bind(body.build, change.at)
      .run();
  write_event(change, body.build, body.job, body.attempt, body.worker, "");
}

void Tables::write(const Change& change, const AttemptReattached& body) {
  prepared("UPDATE job SET boot = ?2 WHERE id = ?1").bind(body.job, body.boot).run();
  write_event(change, {}, body.job, body.attempt, body.worker, "");
}

void Tables::write(const Change& change, const AttemptAdopted& body) {
  prepared("UPDATE job SET state = 2, worker = ?2, boot = ?3 WHERE id = ?1")
      .bind(body.job, body.worker, body.boot)
      .run();
  prepared(
      "UPDATE attempt SET outcome = NULL, detail = '', finished_ms = 0 WHERE job = ? AND number = "
      "?")
      .bind(body.job, body.attempt)
      .run();
  write_event(change, {}, body.job, body.attempt, body.worker, "");
}

void Tables::write(const Change& change, const AttemptReturned& body) {
  prepared("UPDATE job SET state = 1, worker = '' WHERE id = ?").bind(body.job).run();
  prepared(
      "UPDATE attempt SET outcome = ?3, detail = ?4, finished_ms = ?5 WHERE job = ?1 AND number = "
      "?2")
      .bind(body.job, body.attempt, Outcome::Cancelled, "given back: " + body.reason, change.at)
      .run();
  write_event(change, {}, body.job, body.attempt, body.worker, body.reason);
}

void Tables::write(const Change& change, const AttemptLost& body) {
  prepared("UPDATE job SET state = 1, losses = ?2 WHERE id = ?1").bind(body.job, body.losses).run();
  prepared(
      "UPDATE attempt SET outcome = ?3, detail = ?4, finished_ms = ?5 WHERE job = ?1 AND number = "
      "?2")
      .bind(body.job, body.attempt, Outcome::Lost, body.reason, change.at)
      .run();
  write_event(change, {}, body.job, body.attempt, body.worker, body.reason);
}

void Tables::write(const Change& change, const AttemptEnded& body) {
  prepared("UPDATE job SET state = 1, worker = '', failures = ?2 WHERE id = ?1")
      .bind(body.job, body.failures)
      .run();
  write_report(change, body.job, body.attempt, body.report);
  write_event(change, body.build, body.job, body.attempt, body.worker,
              to_string(body.report.outcome));
}

void Tables::write(const Change& change, const AttemptSuperseded& body) {
  write_report(change, body.job, body.attempt, body.report);
  write_event(change, {}, body.job, body.attempt, body.worker, to_string(body.report.outcome));
}

void Tables::write_report(const Change& change, JobId job, AttemptNumber attempt,
                          const wire::AttemptFinished& report) {
  prepared(
      "UPDATE attempt SET outcome = ?3, detail = ?4, steps = ?5, first_output_ms = ?6, finished_ms "
      "= ?7, "
      "output_sha256 = ?8, output_truncated = ?9 WHERE job = ?1 AND number = ?2")
      .bind(job, attempt, report.outcome, report.detail,
            Statement::as_blob(wire::encode_steps(report.steps)), report.first_output, change.at,
            report.output_sha256, report.output_truncated)
      .run();
  if (!report.tests.data.empty()) write_tests(job, attempt, report.tests.data);
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
  prepared("UPDATE job SET cancel_requested = 1 WHERE id = ?").bind(body.job).run();
  write_event(change, {}, body.job, {}, "", body.reason);
}

void Tables::write(const Change& change, const JobFinished& body) {
  prepared("UPDATE job SET state = 3, verdict = ?2, note = ?3 WHERE id = ?1")
      .bind(body.job, body.verdict, body.note)
      .run();
  write_event(change, body.build, body.job, body.attempt, "", to_string(body.verdict));
}

void Tables::write(const Change& change, const BuildFinished& body) {
  prepared("UPDATE build SET state = 3, verdict = ?2, finished_ms = ?3 WHERE id = ?1")
      .bind(body.build, body.verdict, change.at)
      .run();
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
  prepared("UPDATE attempt SET output_bytes = ?3 WHERE job = ?1 AND number = ?2")
      .bind(body.job, body.attempt, body.offset + body.size)
      .run();
}

// Numbers are never given twice: the highest ones are kept where the rows that had them may go.
void Tables::write(const Change&, const BuildRemoved& body) {
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
  prepared(
      "INSERT INTO event (sequence, at_ms, kind, build, job, attempt, worker, detail) VALUES "
      "(?1, ?2, ?3, CASE ?4 WHEN 0 THEN (SELECT build FROM job WHERE id = ?5) ELSE ?4 END, ?5, ?6, "
      "?7, ?8)")
      .bind(change.sequence, change.at, *kind, build, job, attempt, worker, detail)
      .run();
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
