#include "cli/up/crew.h"

#include <poll.h>

#include <algorithm>
#include <csignal>

#include "cli/render/text.h"

namespace seaworthy::cli {
namespace {

// A program that ends by itself this soon after its very first start was given something that no
// repetition would heal: a port in use, a directory that another one holds.
constexpr Duration kFailsAtOnce{3'000};
constexpr Duration kReporterStops{5'000};
constexpr Duration kWatcherStops{10'000};
constexpr Duration kBrokerStops{15'000};

bool has_ended(int pidfd) {
  pollfd ended{pidfd, POLLIN, 0};
  return ::poll(&ended, 1, 0) == 1;
}

std::string last_words(const Ending& ending) {
  return ending.last_lines.empty() ? "" : ": " + render::printable(ending.last_lines.back(), 300);
}

std::string all_words(const Ending& ending) {
  std::string words;
  for (const std::string& line : ending.last_lines) words += "\n  " + render::printable(line);
  return words;
}

}  // namespace

Result<Done> Crew::add(Role role, Part part, Instant now, int extra_fd) {
  if (auto started = part.start(now, extra_fd); !started) return started;
  members_.push_back({role, std::move(part)});
  return Done{};
}

Part* Crew::find(Role role) {
  for (Member& member : members_)
    if (member.role == role) return &member.part;
  return nullptr;
}

void Crew::watch(std::vector<zmq::pollitem_t>& items) const {
  for (const Member& member : members_)
    if (member.part.is_running()) items.push_back({nullptr, member.part.pidfd(), ZMQ_POLLIN, 0});
}

std::optional<Instant> Crew::next_deadline() const {
  std::optional<Instant> next = kill_at_;
  for (const Member& member : members_)
    if (auto at = member.part.restart_at()) next = next ? std::min(*next, *at) : *at;
  return next;
}

Tended Crew::tend(Instant now) {
  Tended tended;
  for (Member& member : members_) tend(member, now, tended);
  go_on_stopping(now);
  return tended;
}

void Crew::tend(Member& member, Instant now, Tended& tended) {
  Part& part = member.part;
  if (part.is_running() && has_ended(part.pidfd())) {
    const Ending ending = part.reap(now);
    if (is_told_to_stop(member)) return;
    const bool by_itself = ending.exit_code > 0 && ending.exit_code < 128;
    if (ending.first_life && by_itself && ending.lived < kFailsAtOnce) {
      if (member.role == Role::Reporter) {
        tended.lines.push_back("no page, all else goes on: the reporter could not start (" +
                               ending.how() + ")" + last_words(ending));
        return;
      }
      tended.fatal =
          "the " + part.name() + " could not start (" + ending.how() + "):" + all_words(ending);
      return;
    }
    const Duration wait = part.schedule(now, ending.lived);
    tended.lines.push_back(part.name() + " ended by " + ending.how() + ", starts again in " +
                           render::duration(wait) + last_words(ending));
  }
  if (!part.restart_at() || now < *part.restart_at()) return;
  if (auto started = part.start(now); !started) {
    tended.lines.push_back(started.error());
    part.schedule(now, Duration{0});
    return;
  }
  tended.lines.push_back(part.name() + " started again");
  tended.broker_started = tended.broker_started || member.role == Role::Broker;
}

std::string Crew::stop(Instant now) {
  switch (++stop_requests_) {
    case 1:
      enter(Role::Reporter, now);
      go_on_stopping(now);
      return any_running(Role::Worker) ? "stopping: workers finish what they run; once more "
                                         "(Ctrl-C) ends their jobs now"
                                       : "stopping";
    case 2:
      for (Member& member : members_)
        if (member.role == Role::Worker) member.part.signal(SIGTERM);
      return "stopping: workers end their jobs; once more (Ctrl-C) kills everything";
    default:
      for (Member& member : members_) member.part.signal(SIGKILL);
      return "killed what was left";
  }
}

void Crew::go_on_stopping(Instant now) {
  if (!stage_) return;
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    for (Member& member : members_)
      if (member.role == *stage_) member.part.signal(SIGKILL);
  }
  while (*stage_ != Role::Broker && !any_running(*stage_))
    enter(static_cast<Role>(static_cast<uint8_t>(*stage_) + 1), now);
}

void Crew::enter(Role stage, Instant now) {
  stage_ = stage;
  kill_at_.reset();
  if (stage == Role::Reporter) kill_at_ = now + kReporterStops;
  if (stage == Role::Watcher) kill_at_ = now + kWatcherStops;
  if (stage == Role::Broker) kill_at_ = now + kBrokerStops;
  for (Member& member : members_) {
    if (member.role != stage) continue;
    member.part.forget_restart();
    member.part.signal(SIGTERM);
  }
}

bool Crew::any_running(Role role) const {
  return std::any_of(members_.begin(), members_.end(), [role](const Member& member) {
    return member.role == role && member.part.is_running();
  });
}

bool Crew::all_gone() const {
  return std::none_of(members_.begin(), members_.end(),
                      [](const Member& member) { return member.part.is_running(); });
}

std::vector<std::string> Crew::complaints() {
  std::vector<std::string> lines;
  for (Member& member : members_)
    for (const Complaint& complaint : member.part.log().new_complaints()) {
      // What the broker warns of is an event as well, or not about these repositories.
      if (member.role == Role::Broker && !complaint.error) continue;
      lines.push_back(member.part.name() + (complaint.error ? " error: " : " warning: ") +
                      render::printable(complaint.text, 300));
    }
  return lines;
}

}  // namespace seaworthy::cli
