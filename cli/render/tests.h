// What people see of tests. Pure.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "shared/wire/message.h"

namespace seaworthy::cli::render {

// A line for each job: what its tests said in numbers, and what is wrong with its reports.
std::string tests_summary(const wire::TestList& list, const Style& style);
// The tests, a line each; below a failed one its message, since when it fails and, with
// `with_output`, what it wrote.
std::string tests_page(const wire::TestList& list, bool with_output, const Style& style);

// "2 tests failed: test_sum, test_crash", with at most some of the names; empty if none did.
std::string failed_in_a_line(const wire::TestList& list);
// Of one job, for the page of a build: the first failed tests with their messages, and how to see
// the others.
std::string failed_of_job(const wire::TestList& list, JobId job, const Style& style);

}  // namespace seaworthy::cli::render
