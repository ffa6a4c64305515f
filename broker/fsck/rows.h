// What of the rows SQL cannot check: blobs and the schema itself. Each takes the connection inside
// the one read transaction, and adds to the report; throws broker::StoreError.
#pragma once

#include "broker/fsck/findings.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::fsck {

// False if tables are missing or others, so that nothing else can be looked at.
bool look_at_schema(const broker::Database& database, Report& report);
void look_at_specifications(const broker::Database& database, Report& report);
void look_at_steps(const broker::Database& database, Report& report);
void look_at_test_reports(const broker::Database& database, Report& report);

}  // namespace seaworthy::fsck
