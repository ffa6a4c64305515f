#include "shared/http/head.h"
#include "tests/support/catch.h"

using namespace seaworthy;

TEST_CASE("a request's field is found whatever the case of its name, and the first one counts") {
  http::Request request;
  request.fields = {{"X-Token", "one"}, {"x-token", "two"}};
  CHECK(request.field("x-TOKEN") == "one");
  CHECK(request.field("x-toke").empty());
}

TEST_CASE("an answer's own fields are sent, but for one that would end its line") {
  http::Answer answer = http::plain_answer(303, "elsewhere");
  answer.fields = {{"Location", "/"}, {"X-Bad", "a\r\nSet-Cookie: b"}, {"X-Nul", {"a\0b", 3}}};
  const std::string head = http::head_of(answer, 0, true);
  CHECK(head.starts_with("HTTP/1.1 303 See Other\r\n"));
  CHECK(head.find("\r\nLocation: /\r\n") != std::string::npos);
  CHECK(head.find("Set-Cookie") == std::string::npos);
  CHECK(head.find("X-Nul") == std::string::npos);
}
