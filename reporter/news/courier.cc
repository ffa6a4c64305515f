#include "reporter/news/courier.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "reporter/news/core/mail.h"
#include "reporter/news/gather.h"
#include "reporter/news/sign.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::news {
namespace {

constexpr Duration kHeldBack = std::chrono::seconds(20);  // by the broker, when nothing happens
constexpr Duration kRefusedPause = std::chrono::minutes(1);
constexpr Duration kLastWord = std::chrono::seconds(2);  // to the broker, when all ends
constexpr uint64_t kUnsaved = 500;  // events that nobody was told of, and that are not saved yet

using Failure = Unexpected<io::ClientError>;

bool was_interrupted(const io::ClientError& error) {
  return error.kind == io::ClientError::Kind::Interrupted;
}

std::string what(const wire::EventRow& event) {
  return "build " + std::to_string(event.build.value) + " " +
         (event.kind == wire::EventKind::BuildFinished ? words::printable(event.detail, 40)
                                                       : "submitted");
}

uint32_t random_number() {
  uint32_t number = 0;
  io::fill_random(&number, sizeof number);
  return number;
}

}  // namespace

Courier::Courier(zmq::context_t& context, io::ClientOptions options, const Plan& plan,
                 size_t target, std::string pages)
    : plan_(plan),
      target_(target),
      name_("news/" + plan.targets[target].name),
      pages_(std::move(pages)),
      interrupt_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      transport_(plan.targets[target], interrupt_.get()) {
  options.give_up_after.reset();
  options.interrupt_fd = interrupt_.get();
  options.on_trouble = nullptr;  // who follows for the pages says it
  thread_ = std::thread([this, &context, options = std::move(options)] { run(context, options); });
}

Courier::~Courier() {
  interrupt();
  thread_.join();
}

void Courier::interrupt() { eventfd_write(interrupt_.get(), 1); }

// Whatever the broker refuses is no reason to stop for good: keys and releases change.
void Courier::run(zmq::context_t& context, io::ClientOptions options) {
  io::Client client(context, options);
  for (;;) {
    Followed followed = find_cursor(client);
    while (followed) followed = follow(client);
    if (was_interrupted(followed.error())) return save_at_end(context, std::move(options));
    spdlog::error("{}: nothing is sent, trying again in {}: {}", name_,
                  words::duration(kRefusedPause), followed.error().message);
    if (!pause(kRefusedPause)) return;
  }
}

// What was confirmed just before the end is not to be sent again.
void Courier::save_at_end(zmq::context_t& context, io::ClientOptions options) {
  if (seen_ == saved_) return;
  options.interrupt_fd = -1;
  options.give_up_after = kLastWord;
  io::Client client(context, std::move(options));
  (void)save(client);
}

Courier::Followed Courier::find_cursor(io::Client& client) {
  auto cursor = client.ask_for<wire::Cursor>(wire::FetchCursor{name_});
  if (!cursor) return Failure{cursor.error()};
  if (!cursor->sequence) return begin_with_newest(client);
  seen_ = saved_ = *cursor->sequence;
  return Done{};
}

Courier::Followed Courier::begin_with_newest(io::Client& client) {
  auto newest = client.ask_for<wire::Events>(wire::FetchEvents{});
  if (!newest) return Failure{newest.error()};
  spdlog::info("{}: begins after event {}, the newest", name_, newest->last.value);
  seen_ = newest->last;
  return save(client);
}

Courier::Followed Courier::save(io::Client& client) {
  auto saved = client.ask_for<wire::Ok>(wire::SaveCursor{name_, seen_});
  if (!saved) return Failure{saved.error()};
  saved_ = seen_;
  return Done{};
}

// One question for events, and what comes of it.
Courier::Followed Courier::follow(io::Client& client) {
  wire::FetchEvents question;
  question.after = seen_;
  question.wait_ms = static_cast<uint64_t>(kHeldBack.count());
  auto answer = client.ask_for<wire::Events>(question, kHeldBack);
  if (!answer) return Failure{answer.error()};
  for (const wire::EventRow& event : answer->events)
    if (auto taken = take(client, event); !taken) return taken;
  if (seen_.value - saved_.value >= kUnsaved) return save(client);
  if (!answer->events.empty()) return Done{};
  // Silence: or is the store another one, whose events have not come so far?
  auto newest = client.ask_for<wire::Events>(wire::FetchEvents{});
  if (!newest) return Failure{newest.error()};
  if (newest->last >= seen_) return Done{};
  spdlog::warn("{}: the broker has another store than before", name_);
  return begin_with_newest(client);
}

Courier::Followed Courier::take(io::Client& client, const wire::EventRow& event) {
  if (!concerns(plan_, target_, event)) {
    seen_ = event.sequence;
    return Done{};
  }
  refused_.clear();
  for (uint32_t tries = 1;; ++tries) {
    const Tried tried = try_once(client, event);
    if (tried.fate == Fate::Interrupted)
      return Failure{io::ClientError{io::ClientError::Kind::Interrupted, tried.said, {}}};
    if (is_settled(event, tried, tries)) break;
    const auto length = pause_after(tried, tries, event.at, io::wall_now(), random_number());
    if (!length) {
      spdlog::error("{}: {} given up after {} tries, since it happened {} ago: {}", name_,
                    what(event), tries, words::duration(words::between(event.at, io::wall_now())),
                    tried.said);
      break;
    }
    spdlog::log(tried.fate == Fate::Slowly ? spdlog::level::err : spdlog::level::warn,
                "{}: {} not delivered at try {}, again in {}: {}", name_, what(event), tries,
                words::duration(*length), tried.said);
    if (!pause(*length))
      return Failure{io::ClientError{io::ClientError::Kind::Interrupted, "interrupted", {}}};
  }
  seen_ = event.sequence;
  return save(client);
}

bool Courier::is_settled(const wire::EventRow& event, const Tried& tried, uint32_t tries) {
  if (tried.fate == Fate::Delivered) {
    if (!tried.said.empty())
      spdlog::info("{}: {} delivered{}: {}", name_, what(event),
                   tries > 1 ? " at try " + std::to_string(tries) : "", tried.said);
    return true;
  }
  if (tried.fate != Fate::GivenUp) return false;
  spdlog::error("{}: {} given up, the others go on: {}", name_, what(event), tried.said);
  return true;
}

// Nothing to tell counts as delivered, without a word.
Tried Courier::try_once(io::Client& client, const wire::EventRow& event) {
  auto story = gather(client, plan_, target_, event, pages_);
  if (!story && was_interrupted(story.error()))
    return {Fate::Interrupted, story.error().message, {}};
  if (!story && story.error().code == wire::ErrorCode::NotFound) {
    spdlog::warn("{}: {} is not told: {}", name_, what(event), story.error().message);
    return {Fate::Delivered, "", {}};
  }
  if (!story) return {Fate::Again, "the broker refused a question: " + story.error().message, {}};
  if (!*story) return {Fate::Delivered, "", {}};
  return bring(**std::move(story));
}

Tried Courier::bring(Story story) {
  const Target& target = plan_.targets[target_];
  for (const std::string& trouble : story.telling.troubles)
    spdlog::warn("{}: {}: {}", name_, what(story.event), trouble);
  if (is_forge(target.kind) && story.telling.project.empty())
    return {Fate::GivenUp,
            "the repository " + words::printable(story.build.repository, 200) +
                " names no project there: write project: owner/name in the rule",
            {}};
  if (target.kind != Kind::Mail) return transport_.post(request_for(target, story));
  std::vector<std::string>& recipients = story.telling.recipients;
  for (;;) {
    std::erase_if(recipients, [&](const std::string& one) { return refused_.contains(one); });
    if (recipients.empty()) return {Fate::GivenUp, "there is nobody left to send it to", {}};
    const std::string thread = thread_of(story.build.repository, story.build.ref);
    const Transport::Mailed mailed =
        transport_.mail(recipients, compose_mail(target, story, thread));
    // One address that is refused for good keeps the mail from nobody else.
    if (mailed.refused.empty() || !refused_.insert(mailed.refused).second) return mailed.tried;
    spdlog::error("{}: {} is not sent to {}: {}", name_, what(story.event), mailed.refused,
                  mailed.tried.said);
  }
}

bool Courier::pause(Duration length) const {
  pollfd item{interrupt_.get(), POLLIN, 0};
  return poll(&item, 1, static_cast<int>(length.count())) == 0;
}

}  // namespace seaworthy::reporter::news
