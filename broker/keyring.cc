#include "broker/keyring.h"

#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <stdexcept>

#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error());
  return std::move(*result);
}

std::map<std::string, KeyRing::Holder> by_user(const std::vector<io::AuthorizedKey>& keys) {
  std::map<std::string, KeyRing::Holder> holders;
  for (const io::AuthorizedKey& key : keys) holders[to_hex(key.key)] = {key.role, key.name};
  return holders;
}

}  // namespace

KeyRing::KeyRing(std::filesystem::path directory)
    : directory_(std::move(directory)),
      secret_(or_throw(io::read_broker_key(directory_ / "broker.key"))),
      changes_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  // The directory, because the list is replaced as a whole. Before it is read for the first time.
  if (!changes_ || inotify_add_watch(changes_.get(), directory_.c_str(),
                                     IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB) < 0)
    throw std::runtime_error(io::errno_text("cannot follow changes in " + directory_.string()));
  holders_ = by_user(or_throw(io::read_authorized(directory_)));
}

const KeyRing::Holder* KeyRing::find(const std::string& user) const {
  const auto found = holders_.find(user);
  return found == holders_.end() ? nullptr : &found->second;
}

bool KeyRing::follow() {
  char events[4096];
  bool any = false;
  while (read(changes_.get(), events, sizeof events) > 0) any = true;
  if (!any) return false;
  auto keys = io::read_authorized(directory_);
  if (!keys) {
    spdlog::error("{}; those let in before are still let in", keys.error());
    return false;
  }
  std::map<std::string, Holder> now = by_user(*keys);
  for (const auto& [user, holder] : holders_)
    if (!now.contains(user))
      spdlog::warn("key {} ({}) is revoked", holder.name, to_string(holder.role));
  for (const auto& [user, holder] : now)
    if (!holders_.contains(user))
      spdlog::info("key {} ({}) is let in from now on", holder.name, to_string(holder.role));
  holders_ = std::move(now);
  return true;
}

void KeyRing::quarantine(const std::string& user, Instant now) {
  kept_out_[user] = now + limits::kQuarantine;
}

bool KeyRing::is_quarantined(const std::string& user, Instant now) {
  const auto found = kept_out_.find(user);
  if (found == kept_out_.end()) return false;
  if (now < found->second) return true;
  kept_out_.erase(found);
  return false;
}

}  // namespace seaworthy::broker
