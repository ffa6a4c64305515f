#include "reporter/event_hub.h"

#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

// What an open page was sent, piece by piece.
class OpenPage final : public http::Stream {
 public:
  void send(std::shared_ptr<const std::string> piece) override { pieces.push_back(*piece); }
  void end() override {}
  void cut() override {
    is_cut = true;
    if (closed) std::exchange(closed, nullptr)();
  }
  bool is_open() const override { return !is_cut; }
  void when_taken(std::function<void()>) override {}
  void when_closed(std::function<void()> call) override { closed = std::move(call); }

  // The events that it knows of, in the order in which it heard of them.
  std::vector<uint64_t> heard() const {
    std::vector<uint64_t> ids;
    for (const std::string& piece : pieces)
      for (size_t at = piece.find("id: "); at != std::string::npos; at = piece.find("id: ", at + 1))
        ids.push_back(std::stoull(piece.substr(at + 4)));
    return ids;
  }
  bool was_told(std::string_view words) const {
    return std::any_of(pieces.begin(), pieces.end(), [&](const std::string& piece) {
      return piece.find(words) != std::string::npos;
    });
  }

  std::vector<std::string> pieces;
  std::function<void()> closed;
  bool is_cut = false;
};

// A hub, and its time, which passes when the test says so.
struct Harbour {
  std::vector<std::function<void()>> planned;
  EventHub hub{[this](Duration, std::function<void()> call) { planned.push_back(call); }};

  std::shared_ptr<OpenPage> opens(std::optional<uint64_t> after = {}) {
    auto page = std::make_shared<OpenPage>();
    hub.add(page, after ? std::optional(EventSequence{*after}) : std::nullopt);
    return page;
  }
  void happens(uint64_t first, uint64_t last) {
    Follower::News news;
    for (uint64_t i = first; i <= last; ++i) {
      wire::EventRow event;
      event.sequence = {i};
      news.events.push_back(event);
    }
    news.last = {last};
    hub.take(news);
  }
  void pause_ends() {
    for (const auto& call : std::exchange(planned, {})) call();
  }
};

using Ids = std::vector<uint64_t>;

}  // namespace

TEST_CASE("the first event is passed on at once, those that follow in one piece after a moment") {
  Harbour harbour;
  const auto page = harbour.opens();
  harbour.happens(1, 1);
  CHECK(page->heard() == Ids{1});
  const size_t before = page->pieces.size();
  harbour.happens(2, 3);
  harbour.happens(4, 4);
  CHECK(page->heard() == Ids{1});
  harbour.pause_ends();
  CHECK(page->heard() == Ids{1, 2, 3, 4});
  CHECK(page->pieces.size() == before + 1);
  harbour.pause_ends();
  CHECK(harbour.planned.empty());
  harbour.happens(5, 5);
  CHECK(page->heard() == Ids{1, 2, 3, 4, 5});
}

TEST_CASE("a page that comes while events are gathered hears each once") {
  Harbour harbour;
  harbour.happens(1, 4);
  harbour.happens(5, 6);
  const auto knows_some = harbour.opens(2);
  const auto knows_all = harbour.opens(6);
  const auto is_new = harbour.opens();
  CHECK(knows_some->heard() == Ids{3, 4, 5, 6});
  harbour.happens(7, 7);
  harbour.pause_ends();
  CHECK(knows_some->heard() == Ids{3, 4, 5, 6, 7});
  CHECK(knows_all->heard() == Ids{7});
  CHECK(is_new->heard() == Ids{7});
  harbour.happens(8, 8);
  harbour.pause_ends();
  for (const auto& page : {knows_some, knows_all, is_new}) CHECK(page->heard().back() == 8);
}

TEST_CASE("a page that was open before anybody knew where the events are looks at everything") {
  Harbour harbour;
  const auto early = harbour.opens(0);
  harbour.happens(6, 5);  // nothing: five events were there before
  CHECK(early->was_told("event: everything"));
  CHECK(early->heard() == Ids{5});
  const auto later = harbour.opens(5);
  harbour.happens(6, 6);
  CHECK(early->heard() == Ids{5, 6});
  CHECK(later->heard() == Ids{6});
}

TEST_CASE("a page that missed more than is remembered is told to look at everything") {
  Harbour harbour;
  const auto first = harbour.opens();
  for (uint64_t i = 0; i < 2; ++i) harbour.happens(1 + i * 1'000, 1'000 + i * 1'000);
  const auto late = harbour.opens(7);
  CHECK(late->was_told("event: everything"));
  CHECK(late->heard() == Ids{2'000});
  harbour.pause_ends();
  CHECK(first->heard().size() == 2'000);
}

TEST_CASE("what was gathered is told before the broker is away, and another store begins anew") {
  Harbour harbour;
  const auto page = harbour.opens();
  harbour.happens(8, 8);
  harbour.happens(9, 9);
  harbour.hub.take({{}, {}, true});
  CHECK(page->heard() == Ids{8, 9});
  CHECK(page->was_told("\"away\":true"));
  harbour.happens(1, 2);
  harbour.pause_ends();
  CHECK(page->was_told("event: everything"));
  CHECK(page->heard() == Ids{8, 9, 2, 1, 2});
}

TEST_CASE("pages that are ended are forgotten") {
  Harbour harbour;
  const auto page = harbour.opens();
  CHECK(harbour.hub.pages() == 1);
  harbour.hub.end_all();
  CHECK(page->is_cut);
  CHECK(harbour.hub.pages() == 0);
}
