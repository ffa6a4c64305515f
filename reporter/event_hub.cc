#include "reporter/event_hub.h"

#include <utility>
#include <vector>

#include "shared/model/limits.h"

namespace seaworthy::reporter {
namespace {

constexpr Duration kGathered{100};  // half of what a page waits for more before it looks
constexpr size_t kGatheredBytes = 64 * 1024;

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
  if (after && *after != last_ && last_) catch_up(*stream, *after);
  const uint64_t number = next_stream_++;
  streams_.emplace(number, Page{stream, last_});
  stream->when_closed([this, number] { streams_.erase(number); });
}

void EventHub::catch_up(http::Stream& stream, EventSequence after) const {
  const bool are_all_known = after < last_ && !remembered_.empty() &&
                             remembered_.front().sequence.value <= after.value + 1;
  if (!are_all_known) return stream.send(everything(last_));
  for (const Remembered& event : remembered_)
    if (event.sequence > after) stream.send(event.text);
}

void EventHub::take(const Follower::News& news) {
  if (news.is_away != is_away_) {
    pass_on();
    is_away_ = news.is_away;
    send_all(broker_is(is_away_));
  }
  if (news.is_away) return;
  if (news.last < last_) {  // another store
    remembered_.clear();
    gathered_.clear();
    passed_on_ = news.last;
    for (auto& [number, page] : streams_) page.knows = {};
    send_all(everything(news.last));
  }
  // Where the events are is known from now on. Pages that are open may be older than that.
  if (!last_ && news.last && news.events.empty()) send_all(everything(news.last));
  last_ = news.last;
  for (const wire::EventRow& event : news.events) {
    last_ = std::max(last_, event.sequence);
    remembered_.push_back({event.sequence, text_of(event)});
    if (remembered_.size() > limits::kRememberedEvents) remembered_.pop_front();
    gathered_ += *remembered_.back().text;
  }
  if (gathered_.empty()) {
    passed_on_ = last_;
    return;
  }
  if (is_pausing_ && gathered_.size() < kGatheredBytes) return;
  pass_on();
  if (std::exchange(is_pausing_, true)) return;
  after_(kGathered, [this] { end_pause(); });
}

void EventHub::end_pause() {
  is_pausing_ = !gathered_.empty();
  pass_on();
  if (is_pausing_) after_(kGathered, [this] { end_pause(); });
}

// Who came meanwhile knows some of it.
void EventHub::pass_on() {
  if (gathered_.empty()) return;
  const EventSequence before = std::exchange(passed_on_, last_);
  const Text text = shared(std::exchange(gathered_, {}));
  for (const Page& page : all_pages()) {
    if (page.knows <= before)
      page.stream->send(text);
    else if (page.knows < last_)
      catch_up(*page.stream, page.knows);
  }
}

void EventHub::end_all() {
  for (const Page& page : all_pages()) page.stream->cut();
}

void EventHub::send_all(const Text& text) {
  for (const Page& page : all_pages()) page.stream->send(text);
}

// One that closes leaves the map.
std::vector<EventHub::Page> EventHub::all_pages() const {
  std::vector<Page> all;
  all.reserve(streams_.size());
  for (const auto& [number, page] : streams_) all.push_back(page);
  return all;
}

}  // namespace seaworthy::reporter
