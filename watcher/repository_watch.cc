#include "watcher/repository_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "shared/git/mirror_names.h"
#include "shared/git/new_revisions.h"
#include "shared/io/clock.h"
#include "shared/pipeline/expand.h"
#include "watcher/core/batch.h"

namespace seaworthy::watcher {
namespace {

using Kind = RefWork::Kind;

constexpr Duration kFetchTime{60'000};
constexpr Duration kFirstFetchTime{30 * 60'000};  // a large repository over a slow line
// What was submitted without it is fetched when its jobs have begun: they want the CPU, too.
constexpr Duration kFetchAfter{250};
// Between looks at a repository that is away: doubled from the first, at most kRarest or --every.
constexpr Duration kFirstRetry{1'000};
constexpr Duration kRarest{60'000};

std::string short_ref(const std::string& ref) {
  for (std::string_view prefix : {"refs/heads/", "refs/"})
    if (ref.starts_with(prefix)) return ref.substr(prefix.size());
  return ref;
}

std::string count_of(size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

io::ClientOptions client_options(const WatchOptions& options, const Event& stop,
                                 std::function<void(const std::string&)> on_trouble) {
  io::ClientOptions client;
  client.endpoints = options.brokers;
  client.key = options.key;
  client.interrupt_fd = stop.fd();
  client.on_trouble = std::move(on_trouble);
  client.longest_backoff = Duration{5'000};
  return client;
}

}  // namespace

RepositoryWatch::RepositoryWatch(zmq::context_t& context, const WatchOptions& options,
                                 std::string repository, const Event& stop, const Event& listening)
    : options_(options),
      repository_(std::move(repository)),
      name_(git::short_name(repository_)),
      stop_(stop),
      listening_(listening),
      client_(context, client_options(options, stop, [this](const std::string& why) {
                conversation_lost_ = true;
                spdlog::warn("{}: {}", name_, why);
              })) {}

void RepositoryWatch::run() {
  while (!stop_.is_raised()) {
    const Instant started = io::now();
    listen();
    while (submit_what_moved() && io::now() - started < kFetchAfter)
      pause(started + kFetchAfter - io::now());
    woken_.lower();
    told_.lower();
    Result<Done> looked = look();
    if (stop_.is_raised()) return;
    if (looked)
      note_success();
    else
      note_trouble(looked.error());
    if (looked && begins_to_listen()) continue;
    pause(until_next_look() - (io::now() - started));
  }
}

bool RepositoryWatch::begins_to_listen() {
  if (ref_events_) return false;
  listen();
  return ref_events_.has_value();
}

void RepositoryWatch::listen() {
  if (!ref_events_ || ref_events_->take() == RefEvents::Heard::End ||
      !ref_events_->are_of(repository_))
    ref_events_ = RefEvents::of(repository_);
}

bool RepositoryWatch::submit_what_moved() {
  if (!ref_events_) return false;
  auto [moved, is_all] = ref_events_->take_moved();
  // A repository that was never fetched whole may be another than the mirror's.
  if (moved.empty() || !has_fetched_ || !submitted_ || conversation_lost_) return false;
  std::erase_if(moved, [this](const auto& head) { return !is_watched(head.first); });
  for (const auto& [ref, tip] : moved) is_all = is_all && submitted_->contains(ref);
  for (const RefWork& work : plan_of_moved(moved, *submitted_)) {
    auto chain = reader_->chain(work.tip, submitted_->at(work.ref));
    if (!chain) {
      is_all = false;
    } else if (auto submitted = submit_listed(work, std::move(*chain)); !submitted) {
      spdlog::debug("{}: {}", name_, submitted.error());
      return false;
    }
  }
  return is_all && !conversation_lost_;
}

Result<Done> RepositoryWatch::look() {
  if (!submitted_)
    if (auto learned = learn_heads(); !learned) return learned;
  if (!mirror_)
    if (auto opened = open_mirror(); !opened) return opened;
  if (!has_fetched_) wait_until_listening();
  auto seen =
      mirror_->look(options_.ref_globs, {has_fetched_ ? kFetchTime : kFirstFetchTime, stop_.fd()});
  if (!seen) return Unexpected{seen.error()};
  has_fetched_ = true;
  std::vector<std::string> watched;
  for (const auto& [ref, revision] : *submitted_)
    if (is_watched(ref)) watched.push_back(ref);
  for (const RefWork& work : plan(*seen, *submitted_, watched)) {
    auto submitted = submit(work);
    if (!submitted) return submitted;
  }
  // A broker that came back may have another store, or another watcher may have been at work.
  if (std::exchange(conversation_lost_, false)) submitted_.reset();
  return Done{};
}

bool RepositoryWatch::is_watched(const std::string& ref) const {
  return std::any_of(options_.ref_globs.begin(), options_.ref_globs.end(),
                     [&](const auto& glob) { return git::matches_ref_glob(glob, ref); });
}

void RepositoryWatch::wait_until_listening() const {
  std::array<pollfd, 2> polled{{{stop_.fd(), POLLIN, 0}, {listening_.fd(), POLLIN, 0}}};
  while (::poll(polled.data(), polled.size(), -1) < 0) continue;
}

Result<Done> RepositoryWatch::open_mirror() {
  auto mirror = git::Mirror::open(options_.mirrors, repository_);
  if (!mirror) return Unexpected{mirror.error()};
  mirror_ = std::move(*mirror);
  reader_.emplace(mirror_->directory(), mirror_->environment_for_reading());
  return Done{};
}

Result<Done> RepositoryWatch::learn_heads() {
  Heads heads;
  wire::ListHeads question{repository_, {}};
  for (bool more = true; more;) {
    auto list = ask<wire::HeadList>(question);
    if (!list) return Unexpected{list.error()};
    for (const wire::Head& head : list->heads) heads[head.ref] = head.revision;
    more = list->more && !list->heads.empty();
    if (more) question.after = list->heads.back().ref;
  }
  std::erase_if(heads, [](const auto& head) { return head.second.empty(); });
  submitted_ = std::move(heads);
  conversation_lost_ = false;
  return Done{};
}

Result<Done> RepositoryWatch::submit(const RefWork& work) {
  if (work.kind == Kind::Gone) {
    spdlog::info("{} of {} is gone", short_ref(work.ref), name_);
    return advance(work.ref, {});
  }
  std::vector<std::string> listed;
  if (auto known = known_revisions(work, *submitted_); !known.empty() && !options_.newest_only) {
    auto found = list_new(work, known);
    if (!found) return Unexpected{found.error()};
    listed = std::move(*found);
  }
  return submit_listed(work, std::move(listed));
}

Result<Done> RepositoryWatch::submit_listed(const RefWork& work, std::vector<std::string> listed) {
  const std::vector<std::string> revisions = choose(work, std::move(listed), options_.newest_only);
  if (auto sent = submit_revisions(work, revisions); !sent) return sent;
  return advance(work.ref, work.tip);
}

// A git process costs milliseconds, which a push of a few commits can do without.
Result<std::vector<std::string>> RepositoryWatch::list_new(const RefWork& work,
                                                           const std::vector<std::string>& known) {
  if (known.size() == 1)
    if (auto chain = reader_->chain(work.tip, known.front())) return std::move(*chain);
  return git::new_revisions(*mirror_, work.tip, known, {kFetchTime, stop_.fd()});
}

Result<Done> RepositoryWatch::submit_revisions(const RefWork& work,
                                               const std::vector<std::string>& revisions) {
  Batch batch(repository_, work.ref, work.tip);
  std::optional<std::optional<std::string>> default_branch;  // once it was asked for
  size_t duplicates = 0;
  auto send = [&]() -> Result<Done> {
    auto answer = ask<wire::SubmitOk>(batch.take(io::random_token<RequestId>()));
    if (!answer) return Unexpected{answer.error()};
    for (const auto& build : answer->builds) duplicates += build.duplicate ? 1 : 0;
    return Done{};
  };
  for (size_t depth = 0; depth < revisions.size(); ++depth) {
    if (stop_.is_raised()) return Unexpected{"interrupted"};
    auto described = reader_->describe(revisions[depth]);
    if (!described) return Unexpected{described.error()};
    const size_t older = revisions.size() - 1;
    if (depth == 0)
      spdlog::info("seen {} '{}' on {} of {}{}", revisions[0].substr(0, 7), described->subject,
                   short_ref(work.ref), name_,
                   older == 0 ? "" : " and " + count_of(older, "commit") + " before it");
    wire::Candidate candidate{revisions[depth], static_cast<uint32_t>(depth), 0, described->subject,
                              described->author};
    if (described->pipeline.concurrency) {
      if (!default_branch) default_branch = mirror_->default_branch({kFetchTime, stop_.fd()});
      pipeline::keep_builds_of_default_branch(described->pipeline, work.ref, *default_branch);
    }
    if (batch.add(candidate, described->pipeline)) continue;
    if (auto sent = send(); !sent) return sent;
    (void)batch.add(candidate, described->pipeline);
  }
  if (auto sent = send(); !sent) return sent;
  spdlog::info("submitted {} of {} of {}{}", count_of(revisions.size(), "revision"),
               short_ref(work.ref), name_,
               duplicates == 0 ? "" : ", " + std::to_string(duplicates) + " known to the broker");
  return Done{};
}

Result<Done> RepositoryWatch::advance(const std::string& ref, const std::string& revision) {
  auto answer = ask<wire::Ok>(wire::AdvanceHead{repository_, ref, revision});
  if (!answer) return Unexpected{answer.error()};
  if (revision.empty())
    submitted_->erase(ref);
  else
    (*submitted_)[ref] = revision;
  return Done{};
}

template <class Answer>
Result<Answer> RepositoryWatch::ask(const wire::Message& question) {
  auto answer = client_.ask_for<Answer>(question);
  if (answer) return std::move(*answer);
  submitted_.reset();  // whatever the broker refused, its view is asked for again
  return Unexpected{"the broker refused " + std::string(wire::name_of(question)) + " for " +
                    repository_ + ": " + answer.error().message};
}

void RepositoryWatch::note_trouble(const std::string& why) {
  ++failures_;
  if (trouble_.empty())
    spdlog::warn("{}: {}; looking again until it works", name_, why);
  else
    spdlog::debug("{}: {}", name_, why);
  trouble_ = why;
}

void RepositoryWatch::note_success() {
  failures_ = 0;
  if (!trouble_.empty()) spdlog::info("{} can be read again", name_);
  trouble_.clear();
}

Duration RepositoryWatch::until_next_look() const {
  if (failures_ == 0) return options_.every;
  const Duration rarest = std::max(options_.every, kRarest);
  Duration time = std::min(options_.every, kFirstRetry);
  for (int i = 1; i < failures_ && time < rarest; ++i) time *= 2;
  return std::min(time, rarest);
}

void RepositoryWatch::pause(Duration time) {
  std::array<pollfd, 4> polled{{{stop_.fd(), POLLIN, 0},
                                {woken_.fd(), POLLIN, 0},
                                {told_.fd(), POLLIN, 0},
                                {ref_events_ ? ref_events_->fd() : -1, POLLIN, 0}}};
  const Instant until = io::now() + std::max(time, Duration{0});
  for (Duration left = time; left > Duration{0}; left = until - io::now()) {
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0) continue;
    if (polled[0].revents != 0 || polled[1].revents != 0) return;
    if (polled[3].revents != 0)
      if (const auto heard = ref_events_->take(); heard != RefEvents::Heard::Nothing) {
        if (heard == RefEvents::Heard::End) ref_events_.reset();
        return;
      }
    if (polled[2].revents == 0) continue;
    if (!ref_events_ || !ref_events_->are_of(repository_)) return;
    told_.lower();  // what the kernel says has been heard, or will be
  }
}

}  // namespace seaworthy::watcher
