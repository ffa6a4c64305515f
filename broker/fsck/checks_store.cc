// The database as such: whole, and with values that mean something.
#include <array>

#include "broker/fsck/check.h"

namespace seaworthy::fsck {
namespace {

constexpr std::array kStoreChecks{
    Check{"integrity", Promise::Store, "The database file is whole, and its indexes agree.",
          kRestore,
          R"sql(
SELECT 0, 0, 0, integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
)sql"},

    Check{"references", Promise::Store, "What a row names is there.", kRestore,
          R"sql(
SELECT iif("table" = 'build', rowid, 0), iif("table" = 'job', rowid, 0), 0,
       printf('a row of table %s names a row of table %s that is not there', "table", parent)
FROM pragma_foreign_key_check
)sql"},

    Check{"epoch", Promise::Store, "A store that a broker has used counts its starts.", kRestore,
          R"sql(
SELECT 0, 0, 0, 'meta has no epoch of at least 1'
WHERE coalesce((SELECT value FROM meta WHERE key = 'epoch'), 0) < 1
)sql"},

    Check{"values", Promise::Store, "Every number and id is one that has a meaning.", kRestore,
          R"sql(
SELECT id, 0, 0, printf('build: state %d, verdict %s, again %d, ends_older %d, revision %.64s',
                        state, coalesce(verdict, 'none'), again, ends_older, revision)
FROM build
WHERE state NOT IN (SELECT value FROM states) OR verdict NOT IN (SELECT value FROM verdicts)
   OR again NOT IN (0, 1) OR ends_older NOT IN (0, 1) OR id < 1
   OR length(revision) NOT IN (40, 64) OR revision GLOB '*[^0-9a-f]*'
UNION ALL
SELECT build, id, 0, printf('job: state %d, verdict %s, attempt %d, losses %d, failures %d, '
                            || 'cancel_requested %d, boot of %d bytes', state,
                            coalesce(verdict, 'none'), attempt, losses, failures, cancel_requested,
                            length(boot))
FROM job
WHERE state NOT IN (SELECT value FROM states) OR verdict NOT IN (SELECT value FROM verdicts)
   OR min(attempt, losses, failures) < 0 OR cancel_requested NOT IN (0, 1) OR length(boot) <> 16
   OR id < 1
UNION ALL
SELECT 0, job, number, printf('attempt: outcome %s, %d bytes of output, boot of %d bytes',
                              coalesce(outcome, 'none'), output_bytes, length(boot))
FROM attempt
WHERE outcome NOT IN (SELECT value FROM outcomes) OR output_bytes < 0 OR length(boot) <> 16
UNION ALL
SELECT build, job, attempt, printf('event %d has the kind %d', sequence, kind)
FROM event WHERE kind NOT IN (SELECT value FROM kinds) OR sequence < 1
UNION ALL
SELECT 0, 0, 0, printf('specification %d has the priority %d', id, priority)
FROM specification WHERE priority NOT BETWEEN 1 AND 3
UNION ALL
SELECT 0, 0, 0, printf('request %.40s: its id has %d bytes, not 16', hex(id), length(id))
FROM request WHERE length(id) <> 16
UNION ALL
SELECT 0, 0, 0, printf('the head of %.200s is no revision: %.64s', ref, revision)
FROM head
WHERE length(revision) NOT IN (40, 64) OR revision GLOB '*[^0-9a-f]*'
)sql"},
};

}  // namespace

std::span<const Check> store_checks() { return kStoreChecks; }

}  // namespace seaworthy::fsck
