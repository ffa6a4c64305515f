#include "broker/access.h"

#include <variant>

#include "shared/wire/codec.h"

namespace seaworthy::broker {
namespace {

template <class... Messages>
bool is_one_of(const wire::Message& message) {
  return (std::holds_alternative<Messages>(message) || ...);
}

bool looks(const wire::Message& m) {
  return is_one_of<wire::Ping, wire::ListHeads, wire::ListBuilds, wire::ShowBuild,
                   wire::ListWorkers, wire::QueueStatus, wire::FetchEvents, wire::FetchOutput,
                   wire::ListTests, wire::TestHistory, wire::FetchMetrics>(m);
}

// A reporter also says how far it has told people what happened.
bool reports(const wire::Message& m) {
  return looks(m) || is_one_of<wire::SaveCursor, wire::FetchCursor>(m);
}

bool works(const wire::Message& m) {
  return is_one_of<wire::Ping, wire::Hello, wire::Ready, wire::Accept, wire::Decline,
                   wire::Heartbeat, wire::Output, wire::AttemptFinished, wire::Goodbye,
                   wire::AwaitDemand>(m);
}

bool watches(const wire::Message& m) {
  return is_one_of<wire::Ping, wire::Submit, wire::AdvanceHead, wire::ListHeads, wire::AwaitNotice,
                   wire::Notify>(m);
}

bool asks_for_work(const wire::Message& m) {
  return looks(m) || is_one_of<wire::Submit, wire::Cancel, wire::Notify, wire::DrainWorker,
                               wire::PauseRepository>(m);
}

}  // namespace

bool may(Role role, const wire::Message& message) {
  switch (role) {
    case Role::Worker: return works(message);
    case Role::Client: return asks_for_work(message);
    case Role::Watcher: return watches(message);
    case Role::Reporter: return reports(message);
    case Role::Admin: return asks_for_work(message) || watches(message) || reports(message);
  }
  return false;
}

bool is_name_for(std::string_view key, std::string_view worker) {
  if (!worker.starts_with(key)) return false;
  const std::string_view rest = worker.substr(key.size());
  return rest.empty() || (rest.front() == '/' && rest.size() > 1);
}

std::string refusal(Role role, std::string_view key, const wire::Message& message) {
  if (!may(role, message))
    return "the key " + std::string(key) + " is one of a " + std::string(to_string(role)) +
           " and may not say " + std::string(wire::name_of(message)) +
           ": use a key of another role (`seaworthy invite`)";
  const auto* hello = std::get_if<wire::Hello>(&message);
  if (hello != nullptr && !is_name_for(key, hello->worker))
    return "the key " + std::string(key) + " is for workers called " + std::string(key) + " or " +
           std::string(key) + "/ANYTHING, not for '" + hello->worker.substr(0, 128) +
           "': change its --name";
  return {};
}

}  // namespace seaworthy::broker
