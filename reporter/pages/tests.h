// Tests on pages: the failed ones of a build, all of a job, and the history of one. Pure, but for
// the two that ask, which run on the asker's thread.
#pragma once

#include "reporter/asker.h"
#include "reporter/pages/frame.h"
#include "reporter/routes.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::pages {

// Nothing where none failed.
void put_failed_tests(Html& html, const wire::TestList& tests);
// What the tests of a job said, in numbers, and what is wrong with its reports.
void put_test_counts(Html& html, const wire::TestList& tests, JobId job);

// The failed tests of a build, as many as a page shows; none where the broker cannot tell.
wire::TestList ask_failed_tests(io::Client& client, BuildId build);

Page job_tests_page(const wire::TestList& tests, JobId job);
Asked ask_job_tests(io::Client& client, const JobTestsRoute& route, const Asking& asking);

Page test_page(const wire::TestHistory& test, const wire::TestRuns& runs, UnixMillis now);
Asked ask_test(io::Client& client, const TestRoute& route, const Asking& asking);

}  // namespace seaworthy::reporter::pages
