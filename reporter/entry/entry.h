// Entry knows who may come in: by a token in a script's Authorization field, by a browser's cookie,
// or by a field that a proxy adds. It follows the list of tokens while the reporter runs; a list
// that cannot be read is said in the log, and the last good one holds. The server's thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reporter/entry/failures.h"
#include "reporter/entry/sessions.h"
#include "reporter/entry/visitor.h"
#include "shared/io/fd.h"
#include "shared/io/log.h"

namespace seaworthy::reporter {

struct EntryOptions {
  std::filesystem::path tokens;              // the list; empty: none
  bool is_public_read = false;               // looking needs no sign-in
  bool is_tls = false;                       // a proxy speaks TLS with browsers
  std::string trust_header = {};             // names the user; empty: none is believed
  std::vector<std::string> trust_from = {};  // addresses of proxies that add it
  Access trusted = Access::Viewer;           // of users whom the list does not name

  // Whether there is a way to sign in at all; without one everybody looks, and nobody does more.
  bool has_sign_in() const { return !tokens.empty() || !trust_header.empty(); }
  // Nobody sees anything without a token. Where a proxy's word is believed as well, a browser on
  // its machine could say it too, under a name that was made to point here.
  bool only_tokens() const { return !tokens.empty() && !is_public_read && trust_header.empty(); }
};

class Entry {
 public:
  // Throws with a text for people when the list cannot be used.
  explicit Entry(EntryOptions options);

  bool has_sign_in() const { return options_.has_sign_in(); }
  bool is_tls() const { return options_.is_tls; }

  Visitor visitor_of(const http::Request& request, Instant now) const;
  bool may_look(const Visitor& visitor) const {
    return !has_sign_in() || options_.is_public_read || visitor.may(Access::Viewer);
  }
  // A form of ours that this visitor was given.
  static bool is_own_form(const Visitor& visitor, const http::Request& request,
                          const std::string& form_token);

  // The Set-Cookie of a new session; nothing if the token is none.
  std::optional<std::string> sign_in(const std::string& token, const http::Request& request,
                                     Moment now);
  // The Set-Cookie that takes it away.
  std::string sign_out(const http::Request& request);
  // Counts a wrong token, and says so in the log now and then. False: it was one too many.
  bool take_failure(const std::string& address, Instant now);

  std::vector<Session> sessions(Instant now) { return sessions_.all(now); }
  void end_session(uint64_t number) { sessions_.end(number); }

  // Readable when the list may have changed; follow() then reads it again, and says whether it did.
  int fd() const { return changes_.get(); }
  bool follow();

 private:
  const char* cookie_name() const;
  std::string cookie(const std::string& value, int64_t seconds) const;
  void take(std::vector<io::Token> tokens);

  EntryOptions options_;
  io::Fd changes_;
  std::vector<io::Token> tokens_;
  std::map<std::string, size_t> by_digest_;  // places in tokens_
  std::map<std::string, size_t> by_name_;
  std::string secret_;  // of this process: form tokens of users without a session follow from it
  Sessions sessions_;
  Failures failures_;
  io::RateLimit wrong_;
};

}  // namespace seaworthy::reporter
