// Plan is what an operator's news file says: where news go (targets), and which (rules). Plain
// data; news/config.h makes it from text, core/rules.h decides by it. Secrets in it are never
// shown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/time.h"

namespace seaworthy::reporter::news {

enum class Kind : uint8_t { Mail, Webhook, Github, Gitea, Gitlab, Slack };

// Sets a commit's status instead of telling somebody.
inline bool is_forge(Kind kind) {
  return kind == Kind::Github || kind == Kind::Gitea || kind == Kind::Gitlab;
}

enum class Tls : uint8_t { Required, None };  // of mail over smtp://; smtps:// always has it

struct Target {
  std::string name;
  Kind kind = Kind::Webhook;
  std::string url;     // smtp(s)://HOST:PORT; a webhook's or chat's; the base of a forge's API
  std::string user;    // of a mail server; empty: no sign-in
  std::string secret;  // password, token, or what a webhook is signed with; may be empty
  std::string from;    // address of mails
  std::string from_name;
  std::string context = "seaworthy";  // the name of a commit's status
  std::string ca_file;                // certificates to trust instead of the system's; may be empty
  std::string proxy;                  // empty: none, whatever the environment says
  Tls tls = Tls::Required;
  Duration timeout{0};  // for one try
};

enum class When : uint8_t { Failure, Change, Always };

struct Rule {
  std::string repository = "*";               // glob over the path or URL
  std::vector<std::string> branches = {"*"};  // globs over "main", "tags/v1"
  When when = When::Always;
  size_t target = 0;            // index into Plan::targets
  bool to_author = false;       // mail: to who wrote the commit
  std::vector<std::string> to;  // mail: addresses
  std::string project;          // forges: "owner/name"; empty: as the repository's URL says
};

struct Plan {
  std::vector<Target> targets;
  std::vector<Rule> rules;
};

}  // namespace seaworthy::reporter::news
