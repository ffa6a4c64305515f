#include "broker/fsck/fsck.h"

#include <functional>

#include "broker/fsck/lookups.h"
#include "broker/fsck/outputs_check.h"
#include "broker/fsck/rows.h"
#include "broker/journal/schema.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::fsck {
namespace {

namespace fs = std::filesystem;
using broker::Database;
using broker::OpenMode;
using broker::Statement;
using broker::StoreError;

// The store may come from anywhere: nothing in its schema is run, and no row of it takes more
// memory than this.
constexpr const char* kCautious =
    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA hard_heap_limit = 536870912";

// A row's text is long, a table is not there, a page is damaged: it is told, and the next check is
// made.
void attempt_to(const std::string& what, Report& report, const std::function<void()>& look) {
  try {
    look();
  } catch (const StoreError& error) {
    if (report.not_looked.size() < Findings::kKept)
      report.not_looked.push_back(what + " could not be checked: " +
                                  std::string(error.what()).substr(0, Findings::kTextBytes));
  }
}

void look_with_sql(const Database& database, const Check& check, Report& report) {
  Statement rows(database, check.sql);
  while (rows.next())
    report.of(check).add({rows.integer(0), rows.integer(1), rows.integer(2)}, rows.text(3));
}

uint64_t count_of(const Database& database, const char* table) {
  Statement count(database, std::string("SELECT count(*) FROM ") + table);
  count.next();
  return static_cast<uint64_t>(count.integer(0));
}

// Durations are wrong then, and nothing else: the order of events is their numbers'.
void look_at_clock(const Database& database, Report& report) {
  Statement jumps(database,
                  "SELECT count(*) FROM (SELECT at_ms, lag(at_ms) OVER (ORDER BY sequence) AS "
                  "before FROM event) WHERE at_ms < before");
  jumps.next();
  if (const int64_t count = jumps.integer(0); count > 0)
    report.notes.push_back("the broker's clock was set back " + std::to_string(count) +
                           (count == 1 ? " time" : " times") +
                           ": times and durations around it are off, nothing else");
}

void look_at_rows(const Database& database, Report& report) {
  for (std::span<const Check> table : {store_checks(), build_checks(), group_checks(), job_checks(),
                                       attempt_checks(), event_checks()})
    for (const Check& check : table)
      attempt_to(std::string("'") + check.name + "'", report,
                 [&] { look_with_sql(database, check, report); });
  attempt_to("'specifications'", report, [&] { look_at_specifications(database, report); });
  attempt_to("'steps'", report, [&] { look_at_steps(database, report); });
  attempt_to("the clock", report, [&] { look_at_clock(database, report); });
}

// What can be looked at only if it is a store, and of which version. Begins the read transaction.
Result<int64_t> begin(Database& database, const fs::path& file) {
  // The first read, by itself: it says in one line what keeps us from reading.
  Statement(database, "SELECT count(*) FROM main.sqlite_schema").next();
  database.execute(kCautious);
  make_lookups(database);
  database.execute("BEGIN");
  Statement version(database, "PRAGMA user_version");
  Statement tables(database, "SELECT count(*) FROM main.sqlite_schema");
  tables.next();
  version.next();
  const int64_t has = version.integer(0), known = broker::present_version();
  if (has > known)
    return Unexpected{"cannot check the store " + file.string() + ": it has version " +
                      std::to_string(has) + ", this program knows up to " + std::to_string(known) +
                      ": run a newer seaworthy-fsck"};
  if (has < 1)
    return Unexpected{"cannot check " + file.string() +
                      ": it is a database, but not one that a broker has made"};
  make_older_tables_present(database, has);
  return has;
}

Result<Report> look(const Place& place) {
  Database database(place.database, OpenMode::ReadOnly);
  Result<int64_t> version = begin(database, place.database);
  if (!version) return Unexpected{version.error()};
  Report report;
  // An older store has the tables of its time; a start of the broker would bring it up to date.
  if (*version == broker::present_version() && !look_at_schema(database, report)) return report;
  look_at_rows(database, report);
  report.checked = {count_of(database, "build"), count_of(database, "job"),
                    count_of(database, "attempt"), count_of(database, "event"), 0};
  database.execute("COMMIT");
  attempt_to("the output", report, [&] { look_at_outputs(database, place.output, report); });
  attempt_to("the output", report, [&] { look_for_orphans(database, place.output, report); });
  return report;
}

}  // namespace

Result<Place> find_store(const fs::path& state, const fs::path& output) {
  constexpr const char* kName = "seaworthy.db";
  std::error_code unclear;
  for (const fs::path& directory : {state, state / "broker"})
    if (fs::exists(directory / kName, unclear))
      return Place{directory / kName, output.empty() ? directory / "output" : output};
  return Unexpected{"there is no store in " + state.string() + ": neither " + kName +
                    " nor broker/" + kName + " is there; say with --state where the broker's is"};
}

Result<Report> look_at_store(const Place& place) {
  try {
    return look(place);
  } catch (const StoreError& error) {
    return Unexpected{"cannot check the store " + place.database.string() + ": " + error.what() +
                      "; run it as the user who runs the broker, or on a copy of the directory"};
  }
}

}  // namespace seaworthy::fsck
