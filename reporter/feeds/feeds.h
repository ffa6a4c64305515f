// Feeds: how builds stand, in the forms that other programs know: a badge for a README (SVG),
// cc.xml for tray icons, Atom for readers, Prometheus' text format for graphs. Each is a pure
// function of what the broker said, and one that asks it on the asker's thread. Foreign text is
// escaped by Html, whose markup is XML as well.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reporter/asker.h"
#include "reporter/branches.h"
#include "shared/base/result.h"

namespace seaworthy::reporter::feeds {

// Of the newest build with a verdict; of the branch that is most likely the default one, where no
// ref is named.
struct Badge {
  std::string repository;
  std::string ref;
};
struct CcXml {};
struct Atom {
  std::string repository;
  std::string ref;  // empty: all
};
struct Metrics {};

using Feed = std::variant<Badge, CcXml, Atom, Metrics>;

// None if the address is no feed's; an error if it is one, and what it says makes no sense.
std::optional<Result<Feed>> feed_of(std::string_view target);
// The address of a repository's feed.
std::string atom_address(std::string_view repository);

// What the reporter knows of itself.
struct OwnNumbers {
  uint64_t requests = 0;
  uint64_t streams = 0;     // pages that listen
  uint64_t last_event = 0;  // that it has heard of
  uint64_t refused = 0;     // requests without a sign-in, or with one that may not
};

// Where people reach the reporter: "http://ci.example.org". Nothing if the Host is none.
std::optional<std::string> origin_of(std::string_view host, bool is_tls);

std::string badge_svg(const wire::BuildRow* build);
std::string cc_xml(const Repositories& all, const std::string& origin);
std::string atom_xml(const Atom& feed, const wire::BuildList& builds, const std::string& origin);
// `metrics`: none while the broker does not answer.
std::string metrics_text(const std::optional<wire::Metrics>& metrics, const OwnNumbers& own);

Asked ask(io::Client& client, const Badge& feed);
Asked ask(io::Client& client, const CcXml& feed, const std::string& origin);
Asked ask(io::Client& client, const Atom& feed, const std::string& origin);
Asked ask(io::Client& client, const Metrics& feed, const OwnNumbers& own);

}  // namespace seaworthy::reporter::feeds
