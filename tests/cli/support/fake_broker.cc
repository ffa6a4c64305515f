#include "tests/cli/support/fake_broker.h"

#include <sys/eventfd.h>

#include <array>

#include "shared/base/assert.h"
#include "shared/io/socket.h"

namespace seaworthy::test {
namespace {

void raise(const io::Fd& fd) {
  const uint64_t one = 1;
  SW_ASSERT(write(fd.get(), &one, sizeof one) == sizeof one);
}

}  // namespace

FakeBroker::FakeBroker(Answering answering)
    : answering_(std::move(answering)), stop_(eventfd(0, EFD_CLOEXEC)) {
  const io::Fd serving(eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this, &serving] { serve(endpoint_, serving); });
  uint64_t count = 0;
  SW_ASSERT(read(serving.get(), &count, sizeof count) == sizeof count);
}

FakeBroker::~FakeBroker() {
  raise(stop_);
  thread_.join();
}

void FakeBroker::serve(std::string& endpoint, const io::Fd& serving) {
  io::Router router(context_, "tcp://127.0.0.1:*");
  endpoint = router.endpoint();
  raise(serving);
  for (;;) {
    std::array<zmq::pollitem_t, 2> items{
        {{router.handle().handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop_.get(), ZMQ_POLLIN, 0}}};
    io::poll(items, Duration{-1});
    if (items[1].revents != 0) return;
    while (auto received = router.receive()) {
      if (!received->envelope) continue;
      {
        const std::lock_guard lock(mutex_);
        asked_.push_back(received->envelope->message);
      }
      auto answer = answering_(received->envelope->message);
      if (!answer) continue;
      answer->tag = received->envelope->tag;
      router.send(received->peer, *answer);
    }
  }
}

std::optional<wire::Envelope> not_found(const std::string& what) {
  return answer(wire::Error{wire::ErrorCode::NotFound, "there is no " + what, false, 0});
}

}  // namespace seaworthy::test
