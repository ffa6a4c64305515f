#include "broker/publishing.h"

namespace seaworthy::broker {

Publishing::Publishing(io::Publisher publisher)
    : publisher_(std::move(publisher)),
      endpoint_(publisher_.endpoint()),
      thread_([this] { run(); }) {}

Publishing::~Publishing() {
  submitted_.close();
  thread_.join();
}

void Publishing::submit(const std::vector<wire::EventRow>& events) {
  if (behind_ >= kMostBehind) return;
  ++behind_;
  submitted_.push(events);
}

void Publishing::run() {
  for (;;) {
    const std::vector<std::vector<wire::EventRow>> lists = submitted_.take();
    if (lists.empty()) return;
    for (const std::vector<wire::EventRow>& events : lists) {
      for (const wire::EventRow& event : events) publisher_.publish(to_string(event.kind), event);
      --behind_;
    }
  }
}

}  // namespace seaworthy::broker
