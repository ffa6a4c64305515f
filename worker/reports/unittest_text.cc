#include "worker/reports/unittest_text.h"

#include <algorithm>
#include <utility>

#include "shared/model/limits.h"
#include "worker/reports/words.h"

namespace seaworthy::worker::reports {
namespace {

constexpr size_t kRule = 70;  // characters of the lines around blocks

bool is_rule(std::string_view text, char of) {
  return text.size() == kRule && text.find_first_not_of(of) == std::string_view::npos;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool all_words(std::string_view text, char besides) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [besides](char c) { return is_word(c) || c == besides; });
}

// "test_b (package.module.Case.test_b) (i=1)": name and suite; what follows them stays in `text`.
std::optional<TestResult> take_title(std::string_view& text) {
  const size_t open = text.find(" (");
  if (open == std::string_view::npos || !all_words(text.substr(0, open), '_')) return std::nullopt;
  const size_t close = text.find(')', open);
  if (close == std::string_view::npos) return std::nullopt;
  TestResult test;
  test.name = std::string(text.substr(0, open));
  std::string_view suite = text.substr(open + 2, close - open - 2);
  if (!all_words(suite, '.') && suite.find(".<locals>.") == std::string_view::npos)
    return std::nullopt;
  // Since Python 3.11 the method's name stands there too.
  if (suite.ends_with(test.name) && suite.size() > test.name.size() &&
      suite[suite.size() - test.name.size() - 1] == '.')
    suite.remove_suffix(test.name.size() + 1);
  test.suite = std::string(suite);
  text.remove_prefix(close + 1);
  return test;
}

struct Settled {
  TestVerdict verdict;
  std::string_view message;
};

std::optional<Settled> result_of(std::string_view text) {
  if (text == "ok") return Settled{TestVerdict::Passed, {}};
  if (text == "FAIL") return Settled{TestVerdict::Failed, {}};
  if (text == "ERROR") return Settled{TestVerdict::Error, {}};
  if (text == "expected failure") return Settled{TestVerdict::Skipped, text};
  if (text == "unexpected success") return Settled{TestVerdict::Failed, text};
  if (text == "skipped") return Settled{TestVerdict::Skipped, {}};
  if (take(text, "skipped ")) {
    if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"'))
      text = text.substr(1, text.size() - 2);
    return Settled{TestVerdict::Skipped, text};
  }
  return std::nullopt;
}

// "FAILED (failures=1, skipped=2)": the number after `name`.
uint64_t number_of(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + name.size());
  return take_number(text).value_or(0);
}

// The exception's line: the last one that is not indented. A trace's head is at its start.
std::string exception_in(std::string_view trace) {
  std::string_view best;
  while (!trace.empty()) {
    const size_t end = std::min(trace.find('\n'), trace.size());
    const std::string_view line = trace.substr(0, end);
    trace.remove_prefix(std::min(end + 1, trace.size()));
    if (line.empty() || line.front() == ' ' || line.starts_with("Traceback ")) continue;
    if (line == "Stdout:" || line == "Stderr:") break;
    // Only the first line of a message of several, which starts with the exception's name.
    const size_t colon = std::min(line.find(':'), line.size());
    if (best.empty() || all_words(line.substr(0, colon), '.')) best = line;
  }
  return std::string(best);
}

}  // namespace

void UnittestReader::line(std::string_view text) {
  switch (place_) {
    case Place::BlockTitle: return take_block_title(text);
    case Place::BlockHead:
      if (is_rule(text, '-')) place_ = Place::BlockBody;
      return;
    case Place::BlockBody:
      if (!is_rule(text, '-') && !is_rule(text, '=')) return append_line(block_->output, text);
      end_block();
      place_ = text.front() == '=' ? Place::BlockTitle : Place::Tests;
      return;
    case Place::Ran:
      if (trimmed(text).empty() || take_last_word(text)) return;
      end_run();  // another runner's words
      return line(text);
    case Place::Tests: break;
  }
  if (is_rule(text, '=')) {
    place_ = Place::BlockTitle;
    return;
  }
  if (!take_ran(text)) take_test_line(text);
}

void UnittestReader::take_test_line(std::string_view text) {
  text = trimmed(text);
  std::string_view rest = text;
  std::optional<TestResult> title = take_title(rest);
  const size_t dots = rest.find(" ... ");
  if (title && (rest.empty() || dots != std::string_view::npos || rest.ends_with(" ..."))) {
    title->name +=
        rest.substr(0, rest.ends_with(" ...") ? rest.size() - 4 : std::min(dots, rest.size()));
    pending_ = std::move(title);
    if (dots != std::string_view::npos) settle(trimmed(rest.substr(dots + 5)));
    return;
  }
  if (!pending_) return;
  // The first line of its docstring, or what the test itself wrote before its result.
  const size_t end = text.rfind(" ... ");
  settle(end == std::string_view::npos ? text : trimmed(text.substr(end + 5)));
}

void UnittestReader::settle(std::string_view result) {
  const std::optional<Settled> settled = result_of(result);
  if (!settled) return;
  pending_->verdict = settled->verdict;
  pending_->message = std::string(settled->message);
  is_verbose_ = true;
  if (TestResult* known = entry(*pending_)) *known = *pending_;
  pending_.reset();
}

// One more test of the run, or the one that has this name; none when there are too many.
TestResult* UnittestReader::entry(const TestResult& test) {
  const std::string key = test.suite + '\n' + test.name;
  if (auto found = places_.find(key); found != places_.end()) return &tests_[found->second];
  if (tests_.size() >= limits::kTests) {
    found_.count_more(test.verdict, 1);
    return nullptr;
  }
  places_.emplace(key, tests_.size());
  tests_.push_back(test);
  return &tests_.back();
}

void UnittestReader::take_block_title(std::string_view text) {
  place_ = Place::Tests;
  const bool failed = take(text, "FAIL: ") || take(text, "UNEXPECTED SUCCESS: ");
  if (!failed && !take(text, "ERROR: ")) return;
  std::optional<TestResult> title = take_title(text);
  if (!title) {  // a module that cannot be read has a name and nothing else
    title.emplace();
    title->name = std::string(trimmed(text));
    text = {};
  }
  // A class that could not be set up is no test that was run, and one with parameters is one.
  const bool was_run = !title->name.starts_with("setUp") && !title->name.starts_with("tearDown");
  if (was_run && bad_.size() < limits::kTests) bad_.insert(title->suite + '\n' + title->name);
  title->name += text;
  title->verdict = failed ? TestVerdict::Failed : TestVerdict::Error;
  block_ = std::move(title);
  place_ = Place::BlockHead;
}

void UnittestReader::end_block() {
  if (!block_) return;
  TestResult block = std::move(*block_);
  block_.reset();
  while (block.output.ends_with("\n\n")) block.output.pop_back();
  block.message = exception_in(block.output);
  TestResult* known = entry(block);
  if (known == nullptr || !known->output.empty()) return;
  *known = std::move(block);
}

bool UnittestReader::take_ran(std::string_view text) {
  if (!take(text, "Ran ")) return false;
  const auto count = take_number(text);
  if (!count || (!text.starts_with(" test in ") && !text.starts_with(" tests in "))) return false;
  ran_ = std::min(*count, limits::kCountedTests);
  pending_.reset();
  place_ = Place::Ran;
  return true;
}

bool UnittestReader::take_last_word(std::string_view text) {
  if (!text.starts_with("OK") && !text.starts_with("FAILED") && !text.starts_with("NO TESTS RAN"))
    return false;
  if (!is_verbose_) {
    const uint64_t skipped = number_of(text, "skipped=") + number_of(text, "expected failures=");
    found_.count_more(TestVerdict::Skipped, std::min(skipped, ran_));
    found_.count_more(TestVerdict::Passed, ran_ - std::min(ran_, skipped + bad_.size()));
  }
  end_run();
  return true;
}

void UnittestReader::end_run() {
  for (TestResult& test : tests_) found_.add(std::move(test));
  forget_run();
}

void UnittestReader::forget_run() {
  tests_.clear();
  places_.clear();
  bad_.clear();
  pending_.reset();
  block_.reset();
  ran_ = 0;
  is_verbose_ = false;
  place_ = Place::Tests;
}

void UnittestReader::finish(Collection& into) {
  if (place_ == Place::Ran) end_run();
  forget_run();
  into.add_all(found_);
}

}  // namespace seaworthy::worker::reports
