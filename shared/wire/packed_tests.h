// A TestReport packed, as AttemptFinished carries it and the store keeps it: TestColumns as
// msgpack, in one zstd frame. Ten thousand tests take some 25 KiB and some milliseconds. What
// cannot be unpacked within limits.h is an error that says why. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/model/test_report.h"
#include "shared/wire/test_columns.h"

namespace seaworthy::wire {

// The report must keep limits.h; its tests in the order of their worth: where not all fit into
// kTestReportBytes, those at the end are left out (the counts still have them) and a note says so.
std::string pack_tests(TestReport report);

Result<TestColumns> unpack_tests(std::string_view packed);

// How large it becomes, without unpacking it; 0: that is not told.
size_t unpacked_bytes(std::string_view packed);

}  // namespace seaworthy::wire
