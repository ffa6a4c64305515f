#include "worker/reports/tap.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "shared/model/limits.h"
#include "worker/reports/words.h"

namespace seaworthy::worker::reports {
namespace {

bool equal_caseless(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// "t/basic.t .. " or "t/basic.t .....", as prove writes before a file's lines.
std::string name_of_file(std::string_view line) {
  line = trimmed(line);
  const size_t dots = line.find_last_not_of('.');
  if (dots == std::string_view::npos || line.size() - dots < 3) return {};
  const std::string_view name = trimmed(line.substr(0, dots + 1));
  const bool one_word = name.find_first_of(" \t#:") == std::string_view::npos;
  return one_word && line[dots] == ' ' ? std::string(name) : std::string();
}

std::string_view without_quotes(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
      text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

// What Test::More says first, and the name says already.
bool says_little(std::string_view text) {
  return text.starts_with("Failed test") || text.starts_with("at ") || text.starts_with("in ");
}

}  // namespace

void TapReader::line(std::string_view text) {
  if (in_yaml_) return take_yaml(text);
  if (text.starts_with("  ---") && test_) {
    in_yaml_ = true;
    return;
  }
  if (take_test(text) || take_plan(text)) return;
  if (text.starts_with("#")) return take_diagnosis(text);
  if (text.starts_with("TAP version ")) return begin(suite_);
  if (text.starts_with("Bail out!")) {
    end_test();
    document_.add(
        {suite_, "(bailed out)", TestVerdict::Error, 0, std::string(trimmed(text.substr(9))), {}});
    planned_ = ran_;  // the rest was given up
    return;
  }
  if (source_ == Source::Output)
    if (std::string suite = name_of_file(text); !suite.empty()) begin(std::move(suite));
}

bool TapReader::take_plan(std::string_view text) {
  if (!take(text, "1..")) return false;
  const auto count = take_number(text);
  text = trimmed(text);
  if (!count || (!text.empty() && text.front() != '#')) return false;
  if (planned_) begin(suite_);
  planned_ = *count;
  if (*count == 0 && text.size() > 1)
    document_.add(
        {suite_, "(all)", TestVerdict::Skipped, 0, std::string(trimmed(text.substr(1))), {}});
  return true;
}

bool TapReader::take_test(std::string_view text) {
  const bool failed = take(text, "not ");
  if (!take(text, "ok") || (!text.empty() && text.front() != ' ' && text.front() != '\t'))
    return false;
  text = trimmed(text);
  const auto number = take_number(text);
  // prove ends a file with a mere "ok".
  if (source_ == Source::Output && !number) return false;
  end_test();
  // A second stream begins without a word.
  if (number == uint64_t{1} && ran_ > 0) begin(suite_);
  ++ran_;
  text = trimmed(text);
  if (take(text, "-")) text = trimmed(text);
  TestResult& test = test_.emplace();
  test.suite = suite_;
  test.verdict = failed ? TestVerdict::Failed : TestVerdict::Passed;
  take_directive(text);
  test.name = text.empty() ? "test " + std::to_string(number.value_or(ran_)) : std::string(text);
  return true;
}

// "reads # SKIP no network": the part after the last " #", unless that is escaped.
void TapReader::take_directive(std::string_view& description) {
  size_t mark = description.rfind('#');
  while (mark != std::string_view::npos && mark > 0 && description[mark - 1] == '\\')
    mark = description.rfind('#', mark - 1);
  if (mark == std::string_view::npos) return;
  std::string_view text = trimmed(description.substr(mark + 1));
  const bool skip = equal_caseless(text.substr(0, 4), "skip");
  const bool todo = equal_caseless(text.substr(0, 4), "todo");
  const bool time = text.starts_with("time=");
  if (!skip && !todo && !time) return;
  description = trimmed(description.substr(0, mark));
  if (time) {
    text.remove_prefix(5);
    const bool in_ms = text.ends_with("ms");
    test_->duration_ms = in_ms
                             ? milliseconds(text.substr(0, text.size() - 2)) / 1000
                             : milliseconds(text.substr(0, text.find_first_not_of("0123456789.")));
    return;
  }
  if (skip || test_->verdict == TestVerdict::Failed) {
    test_->verdict = TestVerdict::Skipped;
    const size_t space = std::min(text.find(' '), text.size());
    test_->message = std::string(todo ? text : trimmed(text.substr(space)));
  }
}

void TapReader::take_diagnosis(std::string_view text) {
  text.remove_prefix(1);
  if (!test_ || !is_bad(test_->verdict)) return;
  if (text.starts_with(" Subtest:") || text.starts_with(" Looks like you ")) return;
  append_line(test_->output, text.substr(text.starts_with(" ") ? 1 : 0));
  const std::string_view words = trimmed(text);
  if (test_->message.empty() && !words.empty() && !says_little(words))
    test_->message = std::string(words);
}

void TapReader::take_yaml(std::string_view text) {
  std::string_view words = trimmed(text);
  if (words == "..." || !text.starts_with("  ")) {
    in_yaml_ = false;
    if (words != "...") line(text);
    return;
  }
  if (!test_) return;
  if (is_bad(test_->verdict)) append_line(test_->output, text.substr(2));
  const bool at_top = text.size() > 2 && text[2] != ' ';
  if (at_top && take(words, "duration_ms:")) {
    double ms = 0;
    words = trimmed(words);
    std::from_chars(words.data(), words.data() + words.size(), ms);
    if (ms > 0 && ms < static_cast<double>(limits::kTestDurationMs))
      test_->duration_ms = static_cast<uint64_t>(ms);
  } else if (at_top && is_bad(test_->verdict) && test_->message.empty() &&
             (take(words, "message:") || take(words, "error:"))) {
    words = without_quotes(trimmed(words));
    if (!words.empty() && words.front() != '|' && words.front() != '>')
      test_->message = std::string(words);
  }
}

void TapReader::begin(std::string suite) {
  end_document();
  suite_ = std::move(suite);
}

void TapReader::end_test() {
  if (!test_) return;
  if (test_->message.empty() && is_bad(test_->verdict))
    test_->message = first_line(test_->output, limits::kTestTextBytes);
  document_.add(std::move(*test_));
  test_.reset();
  in_yaml_ = false;
}

void TapReader::end_document() {
  end_test();
  if (planned_ && ran_ != *planned_)
    document_.add({suite_,
                   "(plan)",
                   TestVerdict::Error,
                   0,
                   std::to_string(*planned_) + " tests were planned, and " + std::to_string(ran_) +
                       " were run",
                   {}});
  if (planned_ || source_ == Source::File)
    found_.add_all(document_);
  else
    document_ = Collection();
  planned_.reset();
  ran_ = 0;
}

void TapReader::finish(Collection& into) {
  end_document();
  into.add_all(found_);
}

}  // namespace seaworthy::worker::reports
