// Delivery decides what the other side's answer means, and when to try again. Pure: time and
// randomness come in.
//
// Again: trouble that goes away by itself. Slowly: the target as such refuses us, which only its
// operator can heal: nothing is lost meanwhile, and nobody is pestered. GivenUp: this one message
// is refused for good, and others need not be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reporter/news/core/plan.h"
#include "shared/base/time.h"

namespace seaworthy::reporter::news {

enum class Fate : uint8_t { Delivered, Again, Slowly, GivenUp, Interrupted };

// What came of one try.
struct Tried {
  Fate fate = Fate::Again;
  std::string said;        // by the other side, or why there was nothing said; one line
  Duration not_before{0};  // the other side asked for this pause
};

// `answer`: the first bytes of what came with the status.
Fate fate_of_status(Kind kind, int status, std::string_view answer);
// The other side counts requests, and this one was too many, though its status says another thing.
bool is_about_rate(int status, bool has_retry_after, std::string_view remaining);

// How far a conversation with a mail server had come when it answered.
enum class MailStage : uint8_t { Greeting, Tls, SignIn, From, To, Data, Text };
// `code`: of the last answer, 0 if the connection ended without one. At To, GivenUp is about that
// recipient alone.
Fate fate_of_mail(MailStage stage, int code);

// The pause before try `tries` + 1 (tries from 1), or none: given up, as too much time has passed
// since the event. `random`: any number; pauses are between the half and the whole of 2 s, 4 s … 10
// min, of the longest at once if Slowly.
std::optional<Duration> pause_after(const Tried& tried, uint32_t tries, UnixMillis event,
                                    UnixMillis now, uint32_t random);

// Seconds of a Retry-After header, at most an hour; 0 for what is no number.
Duration retry_after(std::string_view header);

}  // namespace seaworthy::reporter::news
