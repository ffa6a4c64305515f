#include "reporter/news/core/mail.h"

#include <algorithm>
#include <map>
#include <set>

#include "reporter/news/core/address.h"
#include "reporter/news/core/encode.h"
#include "reporter/news/core/excerpt.h"
#include "tests/reporter/news/story_fixture.h"

using namespace seaworthy;
using namespace seaworthy::reporter::news;

namespace {

Target a_target() {
  Target target;
  target.name = "mail";
  target.kind = Kind::Mail;
  target.from = "ci@example.org";
  target.from_name = "Seaworthy";
  return target;
}

std::string mail_of(const Story& story) { return compose_mail(a_target(), story, "abc123"); }

struct Parts {
  std::vector<std::string> header_names;
  std::map<std::string, std::string> headers;
  std::string body;
};

// As a receiver reads it; fails the test where a line breaks a rule that holds for every mail.
Parts read(const std::string& mail) {
  Parts parts;
  std::string_view left = mail;
  bool in_body = false;
  while (!left.empty()) {
    const size_t end = left.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    const std::string line(left.substr(0, end));
    left.remove_prefix(end + 2);
    CAPTURE(line);
    CHECK(line.size() <= 998);
    CHECK(std::all_of(line.begin(), line.end(),
                      [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; }));
    CHECK((line.empty() || line.front() != '.'));
    if (in_body) {
      parts.body += line + "\n";
    } else if (line.empty()) {
      in_body = true;
    } else if (line.front() == ' ') {
      REQUIRE_FALSE(parts.header_names.empty());
      CHECK(line.find_first_not_of(' ') != std::string::npos);
      parts.headers[parts.header_names.back()] += line;
    } else {
      const size_t colon = line.find(": ");
      REQUIRE(colon != std::string::npos);
      parts.header_names.push_back(line.substr(0, colon));
      parts.headers[line.substr(0, colon)] = line.substr(colon + 2);
    }
  }
  return parts;
}

std::string unquoted(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_code = text.find_first_of("0123456789ABCDEF\n", i + 1) == i + 1;
    if (text[i] != '=' || !is_code) {  // a part's header has others
      result.push_back(text[i]);
    } else if (text[i + 1] == '\n') {
      ++i;
    } else {
      result.push_back(static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)));
      i += 2;
    }
  }
  return result;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

const std::vector<std::string> kHeaders{"From",
                                        "To",
                                        "Subject",
                                        "Date",
                                        "Message-ID",
                                        "In-Reply-To",
                                        "References",
                                        "Auto-Submitted",
                                        "X-Seaworthy-Build",
                                        "MIME-Version",
                                        "Content-Type"};

}  // namespace

TEST_CASE("a mail says what failed, why, how it ended, where to look and how to have the same") {
  Story story = a_story(Verdict::Failed);
  story.before = Verdict::Passed;
  story.is_change = true;
  story.jobs[0].lines = {"cc harbour.c", "harbour.c:3: error: no such ship"};
  story.jobs[0].row.specification = JobSpec{};
  story.jobs[0].row.specification->env = {{"MODE", "release build"}};
  story.jobs[0].row.specification->steps = {{"make", "./configure\nmake test\n", {}}};
  story.jobs.push_back({a_job("lint", Verdict::Passed), {}});
  const Parts parts = read(mail_of(story));
  CHECK(parts.header_names == kHeaders);
  CHECK(parts.headers.at("From") == "\"Seaworthy\" <ci@example.org>");
  CHECK(parts.headers.at("To") == "team@example.org");
  CHECK(parts.headers.at("Subject") == "failed: harbour main: Moor the ships");
  CHECK(parts.headers.at("Date") == "Fri, 21 Nov 2025 16:20:00 +0000");
  CHECK(parts.headers.at("Message-ID") == "<17-1763742000123.build.seaworthy@example.org>");
  const std::string body = unquoted(parts.body);
  for (const char* expected :
       {"Build 12 of aaaaaaaaaa by Ada: failed in 5.0 s.", "before it on this branch: passed",
        "https://ci.example.org/builds/12", "Job test failed: step 'make' exited with 2",
        "https://ci.example.org/jobs/7/log", "  | harbour.c:3: error: no such ship",
        "Other jobs: lint passed", "git clone /srv/git/harbour.git harbour && cd harbour",
        "  export MODE='release build'", "  make test"}) {
    CAPTURE(expected, body);
    CHECK(body.find(expected) != std::string::npos);
  }
}

TEST_CASE("mails of one branch are one thread, and the same event is the same mail") {
  const Story story = a_story(Verdict::Failed);
  CHECK(mail_of(story) == mail_of(story));
  Story next = a_story(Verdict::Passed);
  next.event.sequence = {18};
  const Parts one = read(mail_of(story)), other = read(mail_of(next));
  CHECK(one.headers.at("References") == other.headers.at("References"));
  CHECK(one.headers.at("References") == one.headers.at("In-Reply-To"));
  CHECK(one.headers.at("Message-ID") != other.headers.at("Message-ID"));
}

TEST_CASE("nothing that others wrote adds a header, a part, an address or a tag") {
  const std::vector<std::string> corpus{
      "x\r\nBcc: eve@example.org",
      "x\nBcc: eve@example.org",
      "x\rBcc: eve@example.org",
      "x\r\n\r\n<script>alert(1)</script>",
      "x\r\n.\r\nMAIL FROM:<eve@example.org>",
      "\r\n.\r\n",
      "=?UTF-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
      "--=_17-1763742000123_seaworthy--",
      "\r\n--=_17-1763742000123_seaworthy\r\nContent-Type: text/html\r\n\r\n<b>",
      std::string("a\0b\r\nBcc: e@x.org", 18),
      "\xff\xfe\r\nBcc: eve@example.org",
      "\xc2\x85"
      "Bcc: eve@example.org",
      "\xe2\x80\xa8"
      "Bcc: eve@example.org",
      "\xe2\x80\xae"
      "gro.elpmaxe@eve",
      "<img src=x onerror=alert(1)>",
      "\" onload=\"x",
      "</pre></body></html>",
      std::string(5'000, 'x'),
      std::string(5'000, ' ') + "x",
      std::string(3'000, '\xc3'),
      "\xf0\x9f\x9a\xa2 Schiffe \xc3\xbc"
      "ber Br\xc3\xbc"
      "cken und Meere und noch viel weiter",
      "$(rm -rf ~) `id` '; rm -rf ~'"};
  for (const std::string& hostile : corpus) {
    CAPTURE(hostile);
    Story story = a_story(Verdict::Failed);
    story.build.subject = story.build.author = story.build.ref = hostile;
    story.build.repository = hostile;
    story.jobs[0].row.name = story.jobs[0].row.note = hostile;
    story.jobs[0].row.attempts[0].detail = hostile;
    story.jobs[0].lines = {hostile, hostile};
    story.jobs[0].row.specification = JobSpec{};
    story.jobs[0].row.specification->env = {{"A", hostile}, {hostile, "B"}};
    story.jobs[0].row.specification->steps = {{hostile, hostile, {{"C", hostile}}}};
    Target target = a_target();
    target.from_name = hostile;
    const std::string mail = compose_mail(target, story, "abc123");
    const Parts parts = read(mail);
    CHECK(parts.header_names == kHeaders);
    CHECK(parts.headers.at("To") == "team@example.org");
    CHECK(count(parts.body, "\n--=_") == 2);  // the second part, and the end
    const std::string body = unquoted(parts.body);
    const std::string html = body.substr(body.find("<!doctype html>"));
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("<img") == std::string::npos);
    CHECK(count(html, "</html>") == 1);
    CHECK(count(html, "</body>") == 1);
    CHECK(html.find("\xe2\x80\xae") == std::string::npos);
  }
}

TEST_CASE("commands to have the same are one word of a shell each, whatever is in them") {
  Story story = a_story(Verdict::Failed);
  story.build.repository = "/srv/it's; rm -rf $HOME";
  const std::vector<std::string> lines = clone_commands(story.build);
  CHECK(lines[0].starts_with("git clone '/srv/it'\\''s; rm -rf $HOME' "));
  CHECK(lines[1] == "git checkout " + std::string(40, 'a'));
}

TEST_CASE("a mail does not tell by which password its repository was reached") {
  Story story = a_story(Verdict::Failed);
  story.build.repository = "https://ci:to@ken@example.org/ada/harbour.git";
  CHECK(clone_commands(story.build)[0] ==
        "git clone https://example.org/ada/harbour.git harbour && cd harbour");
  CHECK(unquoted(read(mail_of(story)).body).find("ken@") == std::string::npos);
  story.build.repository = "ssh://git@example.org/ada/harbour.git";
  CHECK(clone_commands(story.build)[0].starts_with("git clone ssh://git@example.org/"));
}

TEST_CASE("a long pipeline and many failed jobs are cut, and it is said") {
  Story story = a_story(Verdict::Failed);
  story.jobs[0].row.specification = JobSpec{};
  for (int i = 0; i < 100; ++i)
    story.jobs[0].row.specification->steps.push_back({"s", "line " + std::to_string(i), {}});
  for (int i = 0; i < 200; ++i)
    story.jobs.push_back({a_job("j" + std::to_string(i), Verdict::Failed), {}});
  const Parts parts = read(mail_of(story));
  const std::string body = unquoted(parts.body);
  CHECK(body.find("line 39") != std::string::npos);
  CHECK(body.find("line 41") == std::string::npos);
  CHECK(body.find("and more, see its pipeline") != std::string::npos);
  CHECK(body.find("Job j5 failed") != std::string::npos);
  CHECK(body.find("Job j50 failed") == std::string::npos);
  CHECK(parts.body.size() < 64 * 1024);
}

TEST_CASE("a text without ASCII in a header becomes encoded words that say the same") {
  CHECK(header_text("plain", 9) == "plain");
  CHECK(header_text("Gr\xc3\xbc\xc3\x9f"
                    "e",
                    9) == "=?UTF-8?B?R3LDvMOfZQ==?=");
  CHECK(header_text("=?UTF-8?Q?no?=", 9) == "=?UTF-8?B?PT9VVEYtOD9RP25vPz0=?=");
  const std::string ships = "\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2\xf0\x9f\x9a\xa2";
  std::string many;
  for (int i = 0; i < 20; ++i) many += ships;
  const std::string encoded = header_text(many, 9);
  CHECK(count(encoded, "\r\n ") == count(encoded, "=?") - 1);
  for (size_t at = 0; at < encoded.size();) {
    const size_t end = std::min(encoded.find("\r\n", at), encoded.size());
    CHECK(end - at + (at == 0 ? 9 : 0) <= 76);
    at = end + 2;
  }
}

TEST_CASE("text in lines of a mail is never longer than 76 columns, and is the same again") {
  for (const std::string& text :
       {std::string("short\n"), std::string(300, 'x') + "\n", std::string(". and ..\n.\n"),
        std::string("ends with a space \nand a tab\t\n"), std::string("a=b\xc3\xbc\n"),
        std::string("\n\n"), std::string(74, 'x') + "=.\n"}) {
    const std::string quoted = quoted_printable(text);
    std::string bare;
    size_t column = 0;
    for (char c : quoted) {
      column = c == '\n' ? 0 : column + 1;
      CHECK(column <= 77);  // with the CR
      if (c != '\r') bare.push_back(c);
    }
    CHECK(unquoted(bare) == text);
  }
}

TEST_CASE("dates are those of the calendar, leap years included") {
  CHECK(mail_date({0}) == "Thu, 1 Jan 1970 00:00:00 +0000");
  CHECK(mail_date({951'782'400'000}) == "Tue, 29 Feb 2000 00:00:00 +0000");
  CHECK(mail_date({1'709'251'199'000}) == "Thu, 29 Feb 2024 23:59:59 +0000");
  CHECK(mail_date({4'107'542'400'000}) == "Mon, 1 Mar 2100 00:00:00 +0000");
}

TEST_CASE("the last lines are those that a terminal would show") {
  CHECK(last_lines("one\ntwo\n", true) == std::vector<std::string>{"one", "two"});
  CHECK(last_lines("cut off\ntwo\r\n", false) == std::vector<std::string>{"two"});
  CHECK(last_lines("no end", false) == std::vector<std::string>{"no end"});
  CHECK(last_lines("", true).empty());
  CHECK(last_lines("", false).empty());
  CHECK(last_lines("10%\r50%\rdone\n", true) == std::vector<std::string>{"done"});
  CHECK(last_lines("\x1b[31mred\x1b[0m \x1b]8;;x\x07link\x1b]8;;\x1b\\!\n", true) ==
        std::vector<std::string>{"red link!"});
  CHECK(last_lines("abd\b\bc\n\tx\n", true) == std::vector<std::string>{"ac", "    x"});
  CHECK(last_lines("\x1b[", true) == std::vector<std::string>{""});
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += std::to_string(i) + "\n";
  const auto lines = last_lines(many, true);
  CHECK(lines.size() == kExcerptLines);
  CHECK(lines.front() == "940");
  CHECK(lines.back() == "999");
  CHECK(last_lines(std::string(100'000, 'x'), true)[0].size() == kExcerptLineBytes);
}

TEST_CASE("base64 of the examples of RFC 4648") {
  const std::map<std::string, std::string> examples{{"", ""},
                                                    {"f", "Zg=="},
                                                    {"fo", "Zm8="},
                                                    {"foo", "Zm9v"},
                                                    {"foob", "Zm9vYg=="},
                                                    {"fooba", "Zm9vYmE="},
                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) CHECK(base64(bytes) == text);
}
