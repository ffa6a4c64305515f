#include "reporter/entry/sessions.h"

#include <algorithm>

namespace seaworthy::reporter {

void Sessions::open(const std::string& cookie, Session session) {
  if (sessions_.size() >= most_) {
    const auto oldest = std::min_element(
        sessions_.begin(), sessions_.end(),
        [](const auto& a, const auto& b) { return a.second.number < b.second.number; });
    sessions_.erase(oldest);
  }
  session.number = ++last_;
  sessions_[cookie] = std::move(session);
}

const Session* Sessions::find(const std::string& cookie, Instant now) const {
  const auto found = sessions_.find(cookie);
  return found == sessions_.end() || found->second.until <= now ? nullptr : &found->second;
}

void Sessions::end(uint64_t number) {
  std::erase_if(sessions_, [&](const auto& one) { return one.second.number == number; });
}

void Sessions::follow(const std::vector<io::Token>& tokens) {
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    Session& session = at->second;
    const auto known = std::find_if(tokens.begin(), tokens.end(), [&](const io::Token& token) {
      return token.digest == session.token;
    });
    if (known == tokens.end()) {
      at = sessions_.erase(at);
      continue;
    }
    session.access = known->access;
    session.name = known->name;
    ++at;
  }
}

std::vector<Session> Sessions::all(Instant now) {
  std::erase_if(sessions_, [&](const auto& one) { return one.second.until <= now; });
  std::vector<Session> all;
  for (const auto& [cookie, session] : sessions_) all.push_back(session);
  std::sort(all.begin(), all.end(),
            [](const Session& a, const Session& b) { return a.number > b.number; });
  return all;
}

}  // namespace seaworthy::reporter
