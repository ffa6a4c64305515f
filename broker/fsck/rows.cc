#include "broker/fsck/rows.h"

#include <map>

#include "broker/fsck/sha256.h"
#include "broker/journal/schema.h"
#include "shared/wire/codec.h"
#include "shared/wire/packed_tests.h"

namespace seaworthy::fsck {
namespace {

using broker::Database;
using broker::OpenMode;
using broker::Statement;

// "table build" -> how it was made.
std::map<std::string, std::string> objects_of(const Database& database) {
  Statement rows(database,
                 "SELECT type || ' ' || name, sql FROM main.sqlite_schema "
                 "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
  std::map<std::string, std::string> objects;
  while (rows.next()) objects[rows.text(0)] = rows.text(1);
  return objects;
}

// What the columns say beside what the body says.
void look_at_schedule(const Statement& row, const JobSpec& spec, Report& report) {
  std::string lines;
  for (const std::string& label : spec.runs_on) lines += (lines.empty() ? "" : "\n") + label;
  if (row.text(4) == lines && row.integer(5) == static_cast<int64_t>(spec.priority)) return;
  report.of(kSchedule).add({row.integer(2), 0, 0},
                           "specification " + std::to_string(row.integer(3)) +
                               " is scheduled by other labels or another priority than it says");
}

}  // namespace

bool look_at_schema(const Database& database, Report& report) {
  Database reference(":memory:", OpenMode::ReadWrite);
  broker::prepare_store(reference);
  const std::map<std::string, std::string> has = objects_of(database);
  bool usable = true;
  for (const auto& [name, sql] : objects_of(reference)) {
    const auto found = has.find(name);
    if (found != has.end() && found->second == sql) continue;
    report.of(kSchema).add(
        {}, name + (found == has.end() ? " is missing" : " is not as Seaworthy makes it"));
    usable = usable && name.starts_with("index ");
  }
  // A trigger changes what the broker writes; other additions of people are their own affair.
  for (const auto& [name, sql] : has)
    if (name.starts_with("trigger ")) report.of(kSchema).add({}, name + " is not Seaworthy's");
  return usable;
}

void look_at_specifications(const Database& database, Report& report) {
  Statement rows(database,
                 "SELECT digest, body, coalesce((SELECT build FROM job WHERE specification = "
                 "specification.id LIMIT 1), 0), specification.id, runs_on, priority FROM "
                 "specification");
  while (rows.next()) {
    const std::string body = rows.text(1);
    Sha256 sha;
    sha.add(body);
    std::string wrong;
    if (sha.raw() != rows.text(0))
      wrong = "is not the one that was submitted: its SHA-256 differs";
    else if (auto spec = wire::decode_specification(body); !spec)
      wrong = "cannot be read: " + spec.error();
    else
      look_at_schedule(rows, *spec, report);
    if (!wrong.empty())
      report.of(kSpecifications)
          .add({rows.integer(2), 0, 0},
               "specification " + std::to_string(rows.integer(3)) + " " + wrong);
  }
}

void look_at_steps(const Database& database, Report& report) {
  Statement rows(database,
                 "SELECT job.build, job.id, number, steps FROM attempt JOIN job ON job.id = "
                 "attempt.job WHERE steps IS NOT NULL");
  while (rows.next())
    if (auto steps = wire::decode_steps(rows.text(3)); !steps)
      report.of(kSteps).add({rows.integer(0), rows.integer(1), rows.integer(2)},
                            "its steps cannot be read: " + steps.error());
}

void look_at_test_reports(const Database& database, Report& report) {
  Statement rows(
      database,
      "SELECT coalesce((SELECT build FROM job WHERE id = job), 0), job, attempt, passed, "
      "failed, errors, skipped, listed, body FROM test_report");
  while (rows.next()) {
    const auto columns = wire::unpack_tests(rows.text(8));
    auto number = [&rows](int column) { return static_cast<uint64_t>(rows.integer(column)); };
    std::string wrong;
    if (!columns)
      wrong = columns.error();
    else if (columns->counts() != TestCounts{number(3), number(4), number(5), number(6)} ||
             columns->size() != number(7))
      wrong = "the counts of its tests are others than those in its report";
    if (!wrong.empty())
      report.of(kTestReports).add({rows.integer(0), rows.integer(1), rows.integer(2)}, wrong);
  }
}

}  // namespace seaworthy::fsck
