// KeyRing is whom this broker lets in: its own secret key and the list in DIR/authorized, followed
// while the broker runs. A list that cannot be read is said in the log, and the last good one
// holds. A user is a public key in hex, as it comes with each message. The poll thread's.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "shared/base/time.h"
#include "shared/io/authorized.h"
#include "shared/io/fd.h"

namespace seaworthy::broker {

class KeyRing {
 public:
  struct Holder {
    Role role = Role::Client;
    std::string name;
  };

  // Throws with a text for people when the keys cannot be used.
  explicit KeyRing(std::filesystem::path directory);

  const io::SecretKey& secret() const { return secret_; }
  // Null: nobody that is let in.
  const Holder* find(const std::string& user) const;

  // Readable when the list may have changed; follow() then reads it again, and says whether it did.
  int fd() const { return changes_.get(); }
  bool follow();

  // Keeps the user out for limits::kQuarantine.
  void quarantine(const std::string& user, Instant now);
  bool is_quarantined(const std::string& user, Instant now);

 private:
  std::filesystem::path directory_;
  io::SecretKey secret_;
  io::Fd changes_;
  std::map<std::string, Holder> holders_;    // by user
  std::map<std::string, Instant> kept_out_;  // until then, by user
};

}  // namespace seaworthy::broker
