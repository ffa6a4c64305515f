// Sessions are the browsers that are signed in, in memory: a restart of the reporter ends them all.
// A session is known by the SHA-256 of its cookie. Bounded: one too many ends the oldest one. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/tokens.h"

namespace seaworthy::reporter {

struct Session {
  uint64_t number = 0;  // to name it without telling the cookie
  std::string name;     // of the token
  std::string token;    // its digest
  Access access = Access::Viewer;
  std::string form_token;  // that its forms carry
  std::string peer;
  UnixMillis since;
  Instant until;
};

class Sessions {
 public:
  explicit Sessions(size_t most) : most_(most) {}

  // `cookie`: its digest. The number is given here.
  void open(const std::string& cookie, Session session);
  // Null: none, or it is over.
  const Session* find(const std::string& cookie, Instant now) const;
  void end(const std::string& cookie) { sessions_.erase(cookie); }
  void end(uint64_t number);
  // Sessions of tokens that are not in the list any more end; the others may do what it says now.
  void follow(const std::vector<io::Token>& tokens);
  // The newest first; those that are over are dropped.
  std::vector<Session> all(Instant now);

  size_t size() const { return sessions_.size(); }

 private:
  std::map<std::string, Session> sessions_;
  size_t most_;
  uint64_t last_ = 0;
};

}  // namespace seaworthy::reporter
