// LogSearch says which rows of a log somebody looks for: those with a text, or those that a regular
// expression of RE2 matches, in time that is linear in the row's length whatever the expression. It
// sees rows as they are shown, without colours. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace re2 {
class RE2;
}

namespace seaworthy::reporter {

struct LogQuery {
  std::string text;
  bool is_regex = false;
  bool has_case = false;  // upper and lower case differ
  bool operator==(const LogQuery&) const = default;
};

class LogSearch {
 public:
  static constexpr size_t kMostTextBytes = 1'000;

  // Or what is wrong with the expression.
  static Result<LogSearch> of(const LogQuery& query);
  // Rows that tell of an error, as compilers and test programs are used to writing them.
  static LogSearch for_errors();

  // `row`: as it was written, with colours.
  bool finds(std::string_view row) const;
  // Whether it finds what neither of them has alone, in two rows of one line that follow each
  // other. Looks at kMostTextBytes of each: a text is no longer, and of what an expression
  // matches, what is longer may be missed.
  bool finds_across(std::string_view row, std::string_view next) const;

 private:
  std::shared_ptr<const re2::RE2> wanted_;
  std::shared_ptr<const re2::RE2> unwanted_;  // may be null
};

}  // namespace seaworthy::reporter
