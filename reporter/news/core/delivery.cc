#include "reporter/news/core/delivery.h"

#include <algorithm>

#include "shared/model/limits.h"

namespace seaworthy::reporter::news {
namespace {

constexpr Duration kLongestWish = std::chrono::hours(1);  // that is granted to the other side

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

Fate fate_of_status(Kind kind, int status, std::string_view answer) {
  if (is_success(status)) return Fate::Delivered;
  // GitLab refuses to set a status that a commit already has: the answer to the try before this
  // one was lost.
  if (kind == Kind::Gitlab && status == 400 &&
      answer.find("Cannot transition status") != std::string_view::npos)
    return Fate::Delivered;
  switch (status) {
    case 408:
    case 425:
    case 429: return Fate::Again;
    case 401:
    case 403:
    case 407: return Fate::Slowly;
    // At a forge: it does not have this commit or this project. Elsewhere: nobody listens there.
    case 404: return is_forge(kind) ? Fate::GivenUp : Fate::Slowly;
    default: break;
  }
  if (status >= 300 && status < 400) return Fate::Slowly;
  return status >= 400 && status < 500 ? Fate::GivenUp : Fate::Again;
}

bool is_about_rate(int status, bool has_retry_after, std::string_view remaining) {
  return (status == 403 || status == 429) && (has_retry_after || remaining == "0");
}

Fate fate_of_mail(MailStage stage, int code) {
  if (code < 400) return Fate::Again;  // it went away, or said nothing that can be understood
  if (code < 500) return Fate::Again;
  switch (stage) {
    case MailStage::Greeting:
    case MailStage::Tls:
    case MailStage::SignIn:
    case MailStage::From: return Fate::Slowly;
    case MailStage::To:
    case MailStage::Data:
    case MailStage::Text: return Fate::GivenUp;
  }
  return Fate::Slowly;
}

std::optional<Duration> pause_after(const Tried& tried, uint32_t tries, UnixMillis event,
                                    UnixMillis now, uint32_t random) {
  if (now.value - event.value >= limits::kNewsPatience.count()) return std::nullopt;
  Duration most = limits::kNewsFirstPause;
  for (uint32_t i = 1; i < tries && most < limits::kNewsLongestPause; ++i) most *= 2;
  most = std::min(most, limits::kNewsLongestPause);
  if (tried.fate == Fate::Slowly) most = limits::kNewsLongestPause;
  const int64_t half = most.count() / 2;
  return std::max(Duration{half + static_cast<int64_t>(random) % (half + 1)}, tried.not_before);
}

Duration retry_after(std::string_view header) {
  int64_t seconds = 0;
  for (char c : header) {
    if (c < '0' || c > '9') return Duration{0};
    seconds = std::min<int64_t>(seconds * 10 + (c - '0'), 1'000'000);
  }
  return std::min<Duration>(std::chrono::seconds(seconds), kLongestWish);
}

}  // namespace seaworthy::reporter::news
