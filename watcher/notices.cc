#include "watcher/notices.h"

#include <spdlog/spdlog.h>

#include "shared/git/mirror.h"
#include "shared/model/limits.h"

namespace seaworthy::watcher {

NoticeListener::NoticeListener(zmq::context_t& context, const WatchOptions& options,
                               const Event& stop, const Event& listening, Wake wake)
    : stop_(stop), listening_(listening), wake_(std::move(wake)), client_(context, [&] {
        io::ClientOptions client;
        client.endpoints = options.brokers;
        client.key = options.key;
        client.interrupt_fd = stop.fd();
        client.longest_backoff = Duration{5'000};
        client.on_trouble = [this](const std::string& why) {
          conversation_lost_ = true;
          spdlog::debug("{}", why);
        };
        return client;
      }()) {}

void NoticeListener::run() {
  uint64_t serial = 0;
  while (!stop_.is_raised()) {
    // The first answer says where the notices are, and is there at once.
    const Duration waits = serial == 0 ? Duration{0} : limits::kLongPoll;
    const wire::AwaitNotice question{serial, static_cast<uint64_t>(waits.count())};
    auto notice = client_.ask_for<wire::Notice>(question, waits);
    listening_.raise();
    if (!notice && notice.error().kind == io::ClientError::Kind::Interrupted) return;
    if (!notice) {
      spdlog::warn("cannot wait for notices, only the timer is left: {}", notice.error().message);
      return;
    }
    serial = notice->serial;
    if (notice->all || std::exchange(conversation_lost_, false)) {
      wake_(nullptr);
      continue;
    }
    for (const std::string& repository : notice->repositories) {
      spdlog::debug("told to look at {}", repository);
      const std::string canonical = git::canonical_repository(repository);
      wake_(&canonical);
    }
  }
}

}  // namespace seaworthy::watcher
