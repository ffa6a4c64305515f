#include "shared/wire/packed_tests.h"

#include <zstd.h>

#include <algorithm>

#include "shared/base/assert.h"
#include "shared/model/limits.h"
#include "shared/wire/codec.h"

namespace seaworthy::wire {
namespace {

constexpr int kLevel = 3;
// Of those that did not fit: repeated, this finds the most that do within some percent.
constexpr size_t kKeptOf10 = 9;

std::string compressed(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), kLevel);
  SW_ASSERT(!ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

}  // namespace

std::string pack_tests(TestReport report) {
  bool was_cut = false;
  for (;;) {
    if (was_cut && report.notes.size() < limits::kTestNotes)
      report.notes.push_back(std::to_string(report.counts.all() - report.tests.size()) +
                             " tests are counted but not listed: there is no room for all");
    const std::string bytes = encode_tests(columns_of(report));
    std::string packed = compressed(bytes);
    if ((packed.size() <= limits::kTestReportBytes &&
         bytes.size() <= limits::kTestReportUnpackedBytes) ||
        report.tests.empty())
      return packed;
    if (was_cut && !report.notes.empty()) report.notes.pop_back();
    was_cut = true;
    report.tests.resize(report.tests.size() * kKeptOf10 / 10);
  }
}

size_t unpacked_bytes(std::string_view packed) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return 0;
  return size > SIZE_MAX ? SIZE_MAX : static_cast<size_t>(size);
}

Result<TestColumns> unpack_tests(std::string_view packed) {
  const size_t size = unpacked_bytes(packed);
  if (packed.size() > limits::kTestReportBytes || size == 0 ||
      size > limits::kTestReportUnpackedBytes)
    return Unexpected{std::string("a report of tests cannot be read: it is too large, or no zstd")};
  std::string bytes(size, '\0');
  const size_t got = ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) || got != size)
    return Unexpected{std::string("a report of tests cannot be read: it is damaged")};
  Result<TestColumns> columns = decode_tests(bytes);
  if (!columns) return columns;
  if (auto fits = check(*columns); !fits)
    return Unexpected{"a report of tests cannot be used: " + fits.error()};
  return columns;
}

}  // namespace seaworthy::wire
