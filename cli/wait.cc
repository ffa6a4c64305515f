#include "cli/wait.h"

#include <algorithm>

#include "cli/identify.h"
#include "cli/render/pages.h"
#include "cli/render/tests.h"
#include "cli/render/text.h"
#include "cli/tests.h"
#include "shared/io/clock.h"

namespace seaworthy::cli {
namespace {

constexpr Duration kHeldBack{20'000};
constexpr Duration kForNames{10'000};  // of tests that failed

class Waiting {
 public:
  Waiting(zmq::context_t& context, const io::ClientOptions& connection, const WaitOptions& options,
          Screen& screen)
      : context_(context), connection_(connection), options_(options), screen_(screen) {
    if (options.give_up) deadline_ = io::now() + *options.give_up;
  }

  Ended run() {
    io::ClientOptions first = connection_;
    if (deadline_) first.give_up_after = std::min(*first.give_up_after, left());
    io::Client asking(context_, first);
    if (auto began = asking.ask_for<wire::Events>(wire::FetchEvents{}))
      seen_ = began->last;
    else
      return unknown(began.error());
    for (;;) {
      io::ClientOptions later = connection_;
      later.give_up_after.reset();
      if (deadline_) later.give_up_after = left();
      io::Client client(context_, later);
      if (std::optional<Ended> ended = look(client)) return *ended;
      if (deadline_ && left() <= Duration{0}) return too_late();
      if (std::optional<Ended> ended = wait_for_event(client)) return *ended;
    }
  }

 private:
  std::optional<Ended> look(io::Client& client) {
    auto detail = find_build(client, options_.target);
    if (!detail) {
      if (detail.error().kind == LookupError::Kind::NoAnswer && deadline_ && left() <= Duration{0})
        return too_late();
      if (detail.error().kind != LookupError::Kind::NotYet)
        return Unexpected{detail.error().message};
      if (!remarked_) screen_.remark(detail.error().message + " yet; waiting for one");
      remarked_ = true;
      return std::nullopt;
    }
    build_ = detail->build.build;
    const wire::BuildRow& build = detail->build;
    if (!build.verdict) return std::nullopt;
    const std::string number = "build " + std::to_string(build.build.value);
    if (!options_.quiet)
      screen_.line(number + " " +
                   screen_.style().paint(render::colour_of(*build.verdict),
                                         render::standing(build, io::wall_now())));
    if (!options_.quiet && *build.verdict == Verdict::Failed) name_failed_tests();
    return Ended{exit_code_of(*build.verdict)};
  }

  // The verdict is known: this must not keep anybody waiting.
  void name_failed_tests() {
    io::ClientOptions brief = connection_;
    brief.give_up_after = kForNames;
    io::Client client(context_, brief);
    const std::string failed = render::failed_in_a_line(failed_tests(client, build_));
    if (!failed.empty())
      screen_.line("  " + failed + "; see `seaworthy tests " + std::to_string(build_.value) +
                   " --failed`");
  }

  // Returns when something happened that is worth another look.
  std::optional<Ended> wait_for_event(io::Client& client) {
    for (;;) {
      if (deadline_ && left() <= Duration{0}) return too_late();
      const Duration held = deadline_ ? std::min(kHeldBack, left()) : kHeldBack;
      wire::FetchEvents question;
      question.after = seen_;
      question.wait_ms = static_cast<uint64_t>(held.count());
      auto events = client.ask_for<wire::Events>(question, held);
      if (!events) {
        if (deadline_ && left() <= Duration{0}) return too_late();
        return unknown(events.error());
      }
      seen_ = events->last;
      if (std::any_of(events->events.begin(), events->events.end(),
                      [this](const wire::EventRow& event) { return matters(event); }))
        return std::nullopt;
    }
  }

  bool matters(const wire::EventRow& event) const {
    if (!build_) return event.kind == wire::EventKind::BuildSubmitted;
    return event.kind == wire::EventKind::BuildFinished && event.build == build_;
  }

  Duration left() const { return std::max(*deadline_ - io::now(), Duration{0}); }

  Ended too_late() const {
    const std::string what =
        build_ ? "build " + std::to_string(build_.value) : "a build of " + options_.target;
    return Unexpected{"no verdict of " + what + " within " + render::duration(*options_.give_up) +
                      ": see `seaworthy status`, or wait longer with --timeout"};
  }

  zmq::context_t& context_;
  const io::ClientOptions& connection_;
  const WaitOptions& options_;
  Screen& screen_;
  std::optional<Instant> deadline_;
  EventSequence seen_;
  BuildId build_;
  bool remarked_ = false;
};

}  // namespace

Ended wait_for_build(zmq::context_t& context, const io::ClientOptions& connection,
                     const WaitOptions& options, Screen& screen) {
  return Waiting(context, connection, options, screen).run();
}

}  // namespace seaworthy::cli
