#include "worker/reports/junit.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "shared/base/assert.h"
#include "shared/model/limits.h"

namespace seaworthy::worker::reports {
namespace {

constexpr int kDeepestElement = 64;  // elements within elements
// expat takes an int; and an error ends the parse before the next piece.
constexpr size_t kPieceBytes = 1024 * 1024;
// An attribute or a text is kept so far; Collection cuts again.
constexpr size_t kKeptBytes = 2 * limits::kTestTextBytes;

enum class Text : uint8_t { None, Trouble, Output };

std::string_view local_name(const char* name) {
  const std::string_view all(name);
  const size_t colon = all.rfind(':');
  return colon == std::string_view::npos ? all : all.substr(colon + 1);
}

std::string_view attribute(const char** attributes, std::string_view name) {
  for (; attributes[0] != nullptr; attributes += 2)
    if (name == attributes[0]) return attributes[1];
  return {};
}

std::string kept(std::string_view text) { return std::string(text.substr(0, kKeptBytes)); }

void append(std::string& text, std::string_view more) {
  text.append(more.substr(0, kKeptBytes - std::min(kKeptBytes, text.size())));
}

// What stands in one <testcase>, or in a <testsuite> outside of its cases.
struct Case {
  TestResult result;
  std::string type;     // of the first of its failures and errors
  std::string trouble;  // their text
  std::string output;
  bool failed = false;
  bool error = false;
  bool skipped = false;
};

// ctest calls that skipped, and fails because of it.
bool is_not_there(const TestResult& test) { return test.message == "Unable to find executable"; }

// The first line that says something: Catch2 begins with "FAILED:".
std::string first_words(std::string_view text) {
  std::string line = first_line(text, limits::kTestTextBytes);
  if (line != "FAILED:") return line;
  return first_line(text.substr(text.find(line) + line.size()), limits::kTestTextBytes);
}

class Reader {
 public:
  Reader(XML_Parser parser, Collection& into) : parser_(parser), into_(into) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser,
        [](void* self, const char* name, const char** attributes) {
          static_cast<Reader*>(self)->start(local_name(name), attributes);
        },
        [](void* self, const char* name) { static_cast<Reader*>(self)->end(local_name(name)); });
    XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int size) {
      static_cast<Reader*>(self)->take_text({text, static_cast<size_t>(size)});
    });
    XML_SetStartDoctypeDeclHandler(
        parser, [](void* self, const char*, const char*, const char*, int) {
          static_cast<Reader*>(self)->refuse("it has a DOCTYPE, which no report of tests needs");
        });
    XML_SetEntityDeclHandler(parser, [](void* self, const char*, int, const char*, int, const char*,
                                        const char*, const char*, const char*) {
      static_cast<Reader*>(self)->refuse("it declares an entity");
    });
  }

  const std::string& refusal() const { return refusal_; }
  bool is_other_xml() const { return is_other_xml_; }

 private:
  void refuse(const char* why) {
    if (!refusal_.empty()) return;
    refusal_ = why;
    XML_StopParser(parser_, XML_FALSE);
  }

  void start(std::string_view name, const char** attributes) {
    if (++depth_ > kDeepestElement) return refuse("its elements are nested too deeply");
    if (depth_ == 1 && name != "testsuites" && name != "testsuite") {
      is_other_xml_ = true;
      return refuse("it is XML, but its root is neither testsuites nor testsuite");
    }
    text_ = Text::None;
    if (name == "testsuite")
      return suites_.push_back({depth_, kept(attribute(attributes, "name"))});
    if (name == "testcase" && !case_) return begin_case(attributes);
    if (!case_ && !suites_.empty() && (name == "failure" || name == "error")) begin_suite_case();
    if (case_) take_part(name, attributes);
  }

  void begin_case(const char** attributes) {
    Case& one = case_.emplace();
    case_depth_ = depth_;
    one.result.name = kept(attribute(attributes, "name"));
    one.result.suite = kept(attribute(attributes, "classname"));
    // ctest says the name twice.
    if (one.result.suite.empty() || one.result.suite == one.result.name)
      one.result.suite = suites_.empty() ? std::string() : suites_.back().name;
    one.result.duration_ms = milliseconds(attribute(attributes, "time"));
    const std::string_view status = attribute(attributes, "status");
    const std::string_view result = attribute(attributes, "result");
    one.skipped =
        status == "notrun" || status == "disabled" || result == "suppressed" || result == "skipped";
  }

  // Something went wrong with the suite itself: it is told like a test of it.
  void begin_suite_case() {
    Case& one = case_.emplace();
    case_depth_ = depth_;
    one.result.suite = suites_.back().name;
    one.result.name = "(the suite itself)";
  }

  void take_part(std::string_view name, const char** attributes) {
    Case& one = *case_;
    const bool is_failure = name == "failure" || name == "rerunFailure";
    const bool is_error = name == "error" || name == "rerunError";
    if (is_failure || is_error || name == "skipped") {
      one.failed = one.failed || is_failure;
      one.error = one.error || is_error;
      one.skipped = one.skipped || name == "skipped";
      if (one.result.message.empty()) one.result.message = kept(attribute(attributes, "message"));
      if (one.type.empty() && name != "skipped") one.type = kept(attribute(attributes, "type"));
      if (!one.trouble.empty() && one.trouble.back() != '\n') append(one.trouble, "\n");
      text_ = Text::Trouble;
    } else if (name == "system-out" || name == "system-err") {
      text_ = Text::Output;
    }
  }

  void take_text(std::string_view text) {
    if (!case_ || text_ == Text::None) return;
    append(text_ == Text::Trouble ? case_->trouble : case_->output, text);
  }

  void end(std::string_view name) {
    text_ = Text::None;
    if (case_ && depth_ == case_depth_) finish_case();
    if (name == "testsuite" && !suites_.empty() && suites_.back().depth == depth_)
      suites_.pop_back();
    --depth_;
  }

  void finish_case() {
    Case one = std::move(*case_);
    case_.reset();
    TestResult& result = one.result;
    if (one.failed)
      result.verdict = TestVerdict::Failed;
    else if (one.error)
      result.verdict = TestVerdict::Error;
    else if (one.skipped)
      result.verdict = is_not_there(result) ? TestVerdict::Error : TestVerdict::Skipped;
    if (result.verdict == TestVerdict::Passed) result.message.clear();
    if (result.message.empty()) result.message = first_words(one.trouble);
    if (result.message.empty()) result.message = one.type;
    if (result.message.empty() && is_bad(result.verdict))
      result.message = first_line(one.output, limits::kTestTextBytes);
    if (is_bad(result.verdict)) {
      one.trouble.resize(one.trouble.find_last_not_of(" \t\r\n") + 1);
      const size_t start = std::min(one.trouble.find_first_not_of("\r\n"), one.trouble.size());
      result.output = one.trouble.substr(start);
      if (!result.output.empty() && !one.output.empty() && result.output.back() != '\n')
        result.output += '\n';
      result.output += one.output;
    }
    into_.add(std::move(result));
  }

  struct Suite {
    int depth = 0;
    std::string name;
  };

  XML_Parser parser_;
  Collection& into_;
  int depth_ = 0;
  std::vector<Suite> suites_;
  std::optional<Case> case_;
  int case_depth_ = 0;
  Text text_ = Text::None;
  std::string refusal_;
  bool is_other_xml_ = false;
};

}  // namespace

Result<Done, JunitError> read_junit(std::string_view xml, Collection& into) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate(nullptr), &XML_ParserFree);
  SW_ASSERT(parser != nullptr);
  Reader reader(parser.get(), into);
  bool is_last = false;
  while (!is_last) {
    const std::string_view piece = xml.substr(0, kPieceBytes);
    xml.remove_prefix(piece.size());
    is_last = xml.empty();
    if (XML_Parse(parser.get(), piece.data(), static_cast<int>(piece.size()), is_last) ==
        XML_STATUS_OK)
      continue;
    std::string text = "line " + std::to_string(XML_GetCurrentLineNumber(parser.get())) + ": ";
    text += reader.refusal().empty() ? XML_ErrorString(XML_GetErrorCode(parser.get()))
                                     : reader.refusal();
    return Unexpected{JunitError{reader.is_other_xml(), std::move(text)}};
  }
  return Done{};
}

}  // namespace seaworthy::worker::reports
