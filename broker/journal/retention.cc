#include "broker/journal/retention.h"

#include <algorithm>

#include "shared/base/assert.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

constexpr auto kAtOnce = static_cast<int64_t>(limits::kRemovedAtOnce);

void add_all(std::vector<BuildId>& found, Statement& rows) {
  while (rows.next()) found.push_back(rows.id<BuildId>(0));
}

}  // namespace

Retention::Retention(const std::filesystem::path& store, const Keep& keep)
    : keep_(keep), database_(store, OpenMode::ReadOnly) {}

std::vector<BuildRemoved> Retention::expired(UnixMillis now) {
  std::vector<BuildId> found;
  const UnixMillis latest{now.value - limits::kKeptAtLeast.count()};
  if (keep_.builds) add_too_many(found, latest);
  if (keep_.age) add_too_old(found, {std::min(latest.value, now.value - keep_.age->count())});
  if (keep_.bytes) add_too_large(found, latest);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() > limits::kRemovedAtOnce) found.resize(limits::kRemovedAtOnce);
  std::vector<BuildRemoved> removals;
  for (BuildId build : found) removals.push_back(removal_of(build));
  return removals;
}

void Retention::add_too_many(std::vector<BuildId>& found, UnixMillis latest) {
  Statement repositories(database_, "SELECT id FROM repository");
  Statement surplus(
      database_,
      "SELECT id FROM (SELECT id, finished_ms FROM build WHERE repository = ? AND state "
      "= 3 ORDER BY rank DESC, id DESC LIMIT -1 OFFSET ?) WHERE finished_ms <= ?");
  while (repositories.next())
    add_all(found, surplus.bind(repositories.integer(0), *keep_.builds, latest));
}

void Retention::add_too_old(std::vector<BuildId>& found, UnixMillis latest) {
  Statement old(
      database_,
      "SELECT id FROM build WHERE state = 3 AND finished_ms <= ? ORDER BY finished_ms LIMIT ?");
  add_all(found, old.bind(latest, kAtOnce));
}

void Retention::add_too_large(std::vector<BuildId>& found, UnixMillis latest) {
  Statement total(database_, "SELECT ifnull(sum(output_bytes), 0) FROM attempt");
  SW_ASSERT(total.next());
  auto bytes = static_cast<uint64_t>(total.integer(0));
  Statement oldest(
      database_,
      "SELECT id, (SELECT ifnull(sum(output_bytes), 0) FROM attempt WHERE job IN (SELECT "
      "job.id FROM job WHERE job.build = build.id)) FROM build WHERE state = 3 AND "
      "finished_ms <= ? ORDER BY finished_ms LIMIT ?");
  oldest.bind(latest, kAtOnce);
  while (bytes > *keep_.bytes && oldest.next()) {
    found.push_back(oldest.id<BuildId>(0));
    bytes -= static_cast<uint64_t>(oldest.integer(1));
  }
}

BuildRemoved Retention::removal_of(BuildId build) {
  BuildRemoved removal;
  removal.build = build;
  Statement row(
      database_,
      "SELECT name, ref, revision FROM build JOIN repository ON repository.id = repository "
      "WHERE build.id = ?");
  if (row.bind(build).next()) {
    removal.repository = row.text(0);
    removal.ref = row.text(1);
    removal.revision = row.text(2);
  }
  Statement requests(database_, "SELECT id FROM request WHERE first_build = ?");
  requests.bind(build);
  while (requests.next()) removal.requests.push_back(requests.token<RequestId>(0));
  Statement attempts(
      database_,
      "SELECT job, number FROM attempt WHERE output_bytes > 0 AND job IN (SELECT id FROM "
      "job WHERE build = ?)");
  attempts.bind(build);
  while (attempts.next())
    removal.attempts.push_back({attempts.id<JobId>(0), attempts.id<AttemptNumber>(1)});
  return removal;
}

bool Retention::has_job(JobId job) {
  Statement row(database_, "SELECT 1 FROM job WHERE id = ?");
  return row.bind(job).next();
}

JobId Retention::last_job() {
  Statement row(database_, "SELECT ifnull(max(id), 0) FROM job");
  SW_ASSERT(row.next());
  return row.id<JobId>(0);
}

}  // namespace seaworthy::broker
