#include "reporter/follower.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>

#include "shared/model/limits.h"

namespace seaworthy::reporter {
namespace {

// Shorter than a Fetch… may be, so that a broker that is gone is noticed in that time.
constexpr Duration kHeldBack{2'000};
constexpr Duration kLongestBackoff{2'000};  // who looks at a page wants to know soon

}  // namespace

Follower::Follower(zmq::context_t& context, io::ClientOptions options, Tell tell)
    : tell_(std::move(tell)), interrupt_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  options.give_up_after.reset();
  options.interrupt_fd = interrupt_.get();
  options.longest_backoff = kLongestBackoff;
  options.on_trouble = [this](const std::string& trouble) {
    spdlog::warn("{}", trouble);
    tell_({{}, {}, true});
  };
  thread_ = std::thread([this, &context, options = std::move(options)] { run(context, options); });
}

Follower::~Follower() {
  eventfd_write(interrupt_.get(), 1);
  thread_.join();
}

void Follower::run(zmq::context_t& context, io::ClientOptions options) {
  io::Client client(context, std::move(options));
  wire::FetchEvents question;
  for (;;) {
    auto answer =
        client.ask_for<wire::Events>(question, Duration{static_cast<int64_t>(question.wait_ms)});
    if (!answer && answer.error().kind == io::ClientError::Kind::Interrupted) return;
    if (!answer) {
      spdlog::error("events are not followed any more, pages do not change by themselves: {}",
                    answer.error().message);
      return;
    }
    const bool starts_anew = question.after && answer->last < *question.after;
    question.after = answer->last;
    question.wait_ms = static_cast<uint64_t>(kHeldBack.count());
    if (starts_anew) spdlog::warn("the broker has another store than before");
    tell_({std::move(answer->events), answer->last, false});
  }
}

}  // namespace seaworthy::reporter
