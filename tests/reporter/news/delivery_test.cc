#include "reporter/news/core/delivery.h"

#include "shared/model/limits.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter::news;

TEST_CASE(
    "what heals by itself is tried again, what needs somebody slowly, one bad message never") {
  for (int status : {200, 201, 204, 299})
    CHECK(fate_of_status(Kind::Slack, status, "") == Fate::Delivered);
  for (int status : {408, 425, 429, 500, 502, 503, 504, 599, 100, 0})
    CHECK(fate_of_status(Kind::Webhook, status, "") == Fate::Again);
  for (int status : {301, 302, 307, 401, 403, 404, 407})
    CHECK(fate_of_status(Kind::Webhook, status, "") == Fate::Slowly);
  for (int status : {400, 405, 410, 413, 415, 422})
    CHECK(fate_of_status(Kind::Webhook, status, "") == Fate::GivenUp);
}

TEST_CASE("a forge that does not know a commit keeps no other commit's status waiting") {
  CHECK(fate_of_status(Kind::Github, 404, "") == Fate::GivenUp);
  CHECK(fate_of_status(Kind::Github, 422, "No commit found for SHA") == Fate::GivenUp);
  CHECK(fate_of_status(Kind::Github, 401, "Bad credentials") == Fate::Slowly);
}

TEST_CASE("a status that a commit has already was delivered by a try whose answer was lost") {
  const char* said = R"({"message":"Cannot transition status via :enqueue from :pending"})";
  CHECK(fate_of_status(Kind::Gitlab, 400, said) == Fate::Delivered);
  CHECK(fate_of_status(Kind::Gitlab, 400, "name is missing") == Fate::GivenUp);
  CHECK(fate_of_status(Kind::Github, 400, said) == Fate::GivenUp);
}

TEST_CASE("a refusal that is about how often one asks is no refusal of the key") {
  CHECK(is_about_rate(403, true, ""));
  CHECK(is_about_rate(403, false, "0"));
  CHECK_FALSE(is_about_rate(403, false, "4999"));
  CHECK_FALSE(is_about_rate(403, false, ""));
  CHECK_FALSE(is_about_rate(401, true, "0"));
}

TEST_CASE("a mail server's answer means what the stage makes of it") {
  for (MailStage stage : {MailStage::Greeting, MailStage::Tls, MailStage::SignIn, MailStage::From,
                          MailStage::To, MailStage::Data, MailStage::Text}) {
    CHECK(fate_of_mail(stage, 0) == Fate::Again);
    CHECK(fate_of_mail(stage, 451) == Fate::Again);
    CHECK(fate_of_mail(stage, 250) == Fate::Again);
  }
  for (MailStage stage : {MailStage::Greeting, MailStage::Tls, MailStage::SignIn, MailStage::From})
    CHECK(fate_of_mail(stage, 550) == Fate::Slowly);
  for (MailStage stage : {MailStage::To, MailStage::Data, MailStage::Text})
    CHECK(fate_of_mail(stage, 550) == Fate::GivenUp);
}

TEST_CASE("pauses double, spread over their second half, up to the longest") {
  const UnixMillis event{1'000'000}, now{1'000'500};
  const Tried again{Fate::Again, "", {}};
  for (uint32_t random : {0u, 1u, 999u, 4'294'967'295u}) {
    Duration most = limits::kNewsFirstPause;
    for (uint32_t tries = 1; tries < 40; ++tries) {
      const auto pause = pause_after(again, tries, event, now, random);
      REQUIRE(pause);
      CHECK(*pause >= most / 2);
      CHECK(*pause <= most);
      most = std::min(most * 2, limits::kNewsLongestPause);
    }
  }
  CHECK(pause_after(again, 1, event, now, 0) != pause_after(again, 1, event, now, 777));
}

TEST_CASE("who needs somebody's hand is not asked every second, and a wish is granted") {
  const UnixMillis event{1'000'000}, now{1'000'500};
  CHECK(*pause_after({Fate::Slowly, "", {}}, 1, event, now, 0) == limits::kNewsLongestPause / 2);
  CHECK(*pause_after({Fate::Again, "", Duration{90'000}}, 1, event, now, 0) == Duration{90'000});
  CHECK(*pause_after({Fate::Again, "", Duration{1}}, 1, event, now, 0) ==
        limits::kNewsFirstPause / 2);
}

TEST_CASE("three days after the event it is given up, however few tries there were") {
  const UnixMillis event{1'000'000};
  const UnixMillis end{event.value + limits::kNewsPatience.count()};
  const Tried again{Fate::Again, "", {}};
  CHECK(pause_after(again, 1'000, event, {end.value - 1}, 0));
  CHECK_FALSE(pause_after(again, 1, event, end, 0));
}

TEST_CASE("a wish to wait is a number of seconds, at most an hour of them") {
  CHECK(retry_after("120") == Duration{120'000});
  CHECK(retry_after("99999999999999999999") == Duration{3'600'000});
  CHECK(retry_after("") == Duration{0});
  CHECK(retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == Duration{0});
  CHECK(retry_after("-1") == Duration{0});
}
