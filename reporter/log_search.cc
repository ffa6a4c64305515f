#include "reporter/log_search.h"

#include <re2/re2.h>

#include <algorithm>

#include "reporter/ansi.h"
#include "shared/base/assert.h"

namespace seaworthy::reporter {
namespace {

constexpr int64_t kMostMemory = 4 << 20;  // of one expression

constexpr const char* kErrors =
    R"((?i)(^|[^a-z0-9_/.-])(\w*error|fatal|failed|failures?|fail|panic(ked)?|\w*exception|)"
    R"(traceback|assertion|undefined reference|segmentation fault|not ok|command not found)"
    R"()([^a-z0-9_/.-]|[.:]?$)|✗|✘|❌)";
constexpr const char* kNoErrors =
    R"((?i)\b(0|no|without) (errors?|fail(ed|ures?)?|exceptions?)\b|\b(errors?|fail(ed|ures?)?)\b)"
    R"( ?[:=] ?0\b|^==> )";

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  return options;
}

// Thrice this is much faster than one search for three characters.
bool has(std::string_view text, char wanted) { return text.find(wanted) != std::string_view::npos; }

bool matches(const re2::RE2& expression, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression);
}

}  // namespace

Result<LogSearch> LogSearch::of(const LogQuery& query) {
  if (query.text.size() > kMostTextBytes)
    return Unexpected{"what is searched for is longer than " + std::to_string(kMostTextBytes) +
                      " bytes: search for a part of it"};
  re2::RE2::Options how = options();
  how.set_literal(!query.is_regex);
  how.set_case_sensitive(query.has_case);
  auto wanted = std::make_shared<const re2::RE2>(query.text, how);
  if (!wanted->ok())
    return Unexpected{"this is no regular expression that RE2 knows: " + wanted->error()};
  LogSearch search;
  search.wanted_ = std::move(wanted);
  return search;
}

LogSearch LogSearch::for_errors() {
  static const auto wanted = std::make_shared<const re2::RE2>(kErrors, options());
  static const auto unwanted = std::make_shared<const re2::RE2>(kNoErrors, options());
  SW_ASSERT(wanted->ok() && unwanted->ok());
  LogSearch search;
  search.wanted_ = wanted;
  search.unwanted_ = unwanted;
  return search;
}

bool LogSearch::finds(std::string_view row) const {
  std::string plain;
  if (has(row, '\x1b') || has(row, '\r') || has(row, '\b')) {
    plain = plain_line(row);
    row = plain;
  }
  return matches(*wanted_, row) && (unwanted_ == nullptr || !matches(*unwanted_, row));
}

bool LogSearch::finds_across(std::string_view row, std::string_view next) const {
  const std::string_view end = row.substr(row.size() - std::min(row.size(), kMostTextBytes));
  const std::string_view begin = next.substr(0, kMostTextBytes);
  return finds(std::string(end) + std::string(begin)) && !finds(end) && !finds(begin);
}

}  // namespace seaworthy::reporter
