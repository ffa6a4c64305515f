#include "reporter/event_hub.h"

#include <vector>

#include "shared/model/limits.h"

namespace seaworthy::reporter {
namespace {

using Text = std::shared_ptr<const std::string>;

Text shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

Text text_of(const wire::EventRow& event) {
  return shared("id: " + std::to_string(event.sequence.value) +
                "\nevent: change\ndata: {\"kind\":\"" + std::string(wire::to_string(event.kind)) +
                "\",\"build\":" + std::to_string(event.build.value) +
                ",\"job\":" + std::to_string(event.job.value) + "}\n\n");
}

// "Look at everything": what came between is not known here any more.
Text everything(EventSequence last) {
  return shared("id: " + std::to_string(last.value) + "\nevent: everything\ndata: {}\n\n");
}

Text broker_is(bool away) {
  return shared(std::string("event: broker\ndata: {\"away\":") + (away ? "true" : "false") +
                "}\n\n");
}

}  // namespace

void EventHub::add(std::shared_ptr<http::Stream> stream, std::optional<EventSequence> after) {
  if (!stream->is_open()) return;
  stream->send(shared("retry: 2000\n\n"));
  if (is_away_) stream->send(broker_is(true));
  if (after && *after != last_ && last_) {
    const bool are_all_known = *after < last_ && !remembered_.empty() &&
                               remembered_.front().sequence.value <= after->value + 1;
    if (!are_all_known) stream->send(everything(last_));
    for (const Remembered& event : remembered_)
      if (are_all_known && event.sequence > *after) stream->send(event.text);
  }
  const uint64_t number = next_stream_++;
  streams_.emplace(number, stream);
  stream->when_closed([this, number] { streams_.erase(number); });
}

void EventHub::take(const Follower::News& news) {
  if (news.is_away != is_away_) {
    is_away_ = news.is_away;
    send_all(broker_is(is_away_));
  }
  if (news.is_away) return;
  if (news.last < last_) {  // another store
    remembered_.clear();
    send_all(everything(news.last));
  }
  last_ = news.last;
  for (const wire::EventRow& event : news.events) {
    last_ = std::max(last_, event.sequence);
    remembered_.push_back({event.sequence, text_of(event)});
    if (remembered_.size() > limits::kRememberedEvents) remembered_.pop_front();
    send_all(remembered_.back().text);
  }
}

void EventHub::end_all() {
  std::vector<std::shared_ptr<http::Stream>> all;  // one that ends leaves the map
  for (const auto& [number, stream] : streams_) all.push_back(stream);
  for (const auto& stream : all) stream->cut();
}

void EventHub::send_all(const Text& text) {
  std::vector<std::shared_ptr<http::Stream>> all;  // one that closes leaves the map
  all.reserve(streams_.size());
  for (const auto& [number, stream] : streams_) all.push_back(stream);
  for (const auto& stream : all) stream->send(text);
}

}  // namespace seaworthy::reporter
