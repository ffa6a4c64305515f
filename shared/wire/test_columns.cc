#include "shared/wire/test_columns.h"

#include <algorithm>
#include <map>

#include "shared/model/limits.h"

namespace seaworthy::wire {

TestColumns columns_of(const TestReport& report) {
  TestColumns columns;
  std::map<std::string_view, uint32_t> places;
  for (const TestResult& test : report.tests) {
    const auto place = static_cast<uint32_t>(columns.suites.size());
    const auto [found, is_new] = places.try_emplace(test.suite, place);
    if (is_new) columns.suites.push_back(test.suite);
    if (!test.message.empty() || !test.output.empty())
      columns.texts.push_back(
          {static_cast<uint32_t>(columns.names.size()), test.message, test.output});
    columns.suite.push_back(found->second);
    columns.names.push_back(test.name);
    columns.verdicts.push_back(static_cast<char>('0' + static_cast<int>(test.verdict)));
    columns.durations_ms.push_back(test.duration_ms);
  }
  columns.passed = report.counts.passed;
  columns.failed = report.counts.failed;
  columns.errors = report.counts.errors;
  columns.skipped = report.counts.skipped;
  columns.notes = report.notes;
  return columns;
}

TestResult TestColumns::result(size_t test) const {
  TestResult result{suites[suite[test]], names[test], verdict(test), durations_ms[test]};
  const auto text =
      std::lower_bound(texts.begin(), texts.end(), test,
                       [](const TestTexts& one, size_t place) { return one.test < place; });
  if (text != texts.end() && text->test == test) {
    result.message = text->message;
    result.output = text->output;
  }
  return result;
}

std::optional<size_t> TestColumns::find(std::string_view of_suite, std::string_view name) const {
  for (size_t test = 0; test < names.size(); ++test)
    if (names[test] == name && suites[suite[test]] == of_suite) return test;
  return std::nullopt;
}

Result<Done> check(const TestColumns& columns) {
  const size_t count = columns.size();
  if (count > limits::kTests)
    return Unexpected{"it has more than " + std::to_string(limits::kTests) + " tests"};
  if (columns.suite.size() != count || columns.verdicts.size() != count ||
      columns.durations_ms.size() != count || columns.suites.size() > count)
    return Unexpected{std::string("its columns are not of one length")};
  if (columns.passed > limits::kCountedTests || columns.failed > limits::kCountedTests ||
      columns.errors > limits::kCountedTests || columns.skipped > limits::kCountedTests ||
      columns.counts().all() < count)
    return Unexpected{std::string("its counts are impossible")};
  auto is_long = [](const std::string& text) { return text.size() > limits::kTestNameBytes; };
  if (std::any_of(columns.names.begin(), columns.names.end(), is_long) ||
      std::any_of(columns.suites.begin(), columns.suites.end(), is_long))
    return Unexpected{std::string("a name in it is too long")};
  for (size_t test = 0; test < count; ++test)
    if (columns.suite[test] >= columns.suites.size() || columns.verdicts[test] < '1' ||
        columns.verdicts[test] > '4' || columns.durations_ms[test] > limits::kTestDurationMs)
      return Unexpected{"its test " + std::to_string(test) + " is impossible"};
  uint64_t next = 0;
  for (const TestTexts& text : columns.texts) {
    if (text.test < next || text.test >= count || text.message.size() > limits::kTestTextBytes ||
        text.output.size() > limits::kTestTextBytes)
      return Unexpected{std::string("a text in it is too long, or of no test")};
    next = uint64_t{text.test} + 1;
  }
  if (columns.notes.size() > limits::kTestNotes ||
      std::any_of(columns.notes.begin(), columns.notes.end(),
                  [](const std::string& note) { return note.size() > limits::kTestNoteBytes; }))
    return Unexpected{std::string("it has too many notes, or too long ones")};
  return Done{};
}

}  // namespace seaworthy::wire
