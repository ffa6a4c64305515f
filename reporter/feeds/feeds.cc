#include "reporter/feeds/feeds.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "reporter/html.h"
#include "reporter/percent.h"
#include "reporter/query.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::feeds {
namespace {

constexpr uint32_t kEntries = 50;  // of a feed
constexpr size_t kLongestHost = 255;

std::string utc(UnixMillis at) {
  const std::time_t seconds = static_cast<std::time_t>(at.value / 1000);
  std::tm parts{};
  std::array<char, 32> text{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "1970-01-01T00:00:00Z";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

struct Look {
  std::string_view word;
  Literal colour;
};

Look look_of(const wire::BuildRow* build) {
  if (build == nullptr || !build->verdict) return {"no verdict yet", "#5c6773"};
  switch (*build->verdict) {
    case Verdict::Passed: return {"passed", "#1a7f4b"};
    case Verdict::Failed: return {"failed", "#b42318"};
    case Verdict::Flaky: return {"flaky", "#946200"};
    case Verdict::Cancelled: return {"cancelled", "#5c6773"};
    case Verdict::Skipped: return {"skipped", "#5c6773"};
    case Verdict::Inconclusive: return {"inconclusive", "#7a4bb0"};
  }
  return {"unknown", "#5c6773"};
}

Literal cc_status(const wire::BuildRow* build) {
  if (build == nullptr || !build->verdict) return "Unknown";
  switch (*build->verdict) {
    case Verdict::Passed:
    case Verdict::Flaky: return "Success";
    case Verdict::Failed: return "Failure";
    case Verdict::Inconclusive: return "Exception";
    case Verdict::Cancelled:
    case Verdict::Skipped: break;
  }
  return "Unknown";
}

Found as(Literal content_type, std::string body) {
  Found found;
  found.answer.content_type = std::string(content_type.text());
  found.answer.etag = http::etag_of(body);
  found.answer.body = std::move(body);
  return found;
}

void put_entry(Html& xml, const wire::BuildRow& build, const std::string& origin) {
  const std::string address = origin + "/builds/" + std::to_string(build.build.value);
  const std::string word(build.verdict ? to_string(*build.verdict) : to_string(build.state));
  xml.raw("<entry>\n<id>").text(address).raw("</id>\n<title>").text(word + ": ");
  xml.text(words::printable(build.subject, 200)).raw(" (").text(words::short_ref(build.ref));
  xml.raw(")</title>\n<link href=\"").text(address).raw("\"/>\n<updated>");
  xml.text(utc(build.finished)).raw("</updated>\n<author><name>").text(build.author);
  xml.raw("</name></author>\n<summary>build ").number(build.build.value).raw(" of ");
  xml.text(build.revision).raw(" on ").text(build.ref).raw(": ");
  xml.text(words::standing(build, build.finished)).raw("</summary>\n</entry>\n");
}

}  // namespace

std::optional<Result<Feed>> feed_of(std::string_view target) {
  using Some = std::optional<Result<Feed>>;
  const size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  const bool is_badge = path == "/badges/build.svg", is_atom = path == "/feeds/builds.atom";
  if (path == "/metrics") return Some(Feed{Metrics{}});
  if (path == "/cc.xml") return Some(Feed{CcXml{}});
  if (!is_badge && !is_atom) return std::nullopt;
  const auto query = Query::parse(target.substr(std::min(mark + 1, target.size())));
  if (!query || query->word("repository").empty())
    return Some(Unexpected{std::string("Say which repository: " + std::string(path) +
                                       "?repository=NAME, and &ref=refs/heads/BRANCH if you like, "
                                       "encoded as an address is.")});
  if (is_badge) return Some(Feed{Badge{query->word("repository"), query->word("ref")}});
  return Some(Feed{Atom{query->word("repository"), query->word("ref")}});
}

std::string atom_address(std::string_view repository) {
  return "/feeds/builds.atom?repository=" + percent_encoded(repository);
}

std::optional<std::string> origin_of(std::string_view host, bool is_tls) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
  if (host.empty() || host.size() > kLongestHost ||
      host.find_first_not_of(kAllowed) != std::string_view::npos)
    return std::nullopt;
  return (is_tls ? "https://" : "http://") + std::string(host);
}

std::string badge_svg(const wire::BuildRow* build) {
  constexpr uint64_t kLeft = 50, kLetter = 7, kAround = 14;
  const Look look = look_of(build);
  const uint64_t right = look.word.size() * kLetter + kAround, width = kLeft + right;
  Html svg;
  svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" height=\"20\" width=\"").number(width);
  svg.raw("\" role=\"img\" aria-label=\"build: ").text(look.word).raw("\"><title>build: ");
  svg.text(look.word).raw("</title><rect width=\"").number(width);
  svg.raw("\" height=\"20\" rx=\"3\" fill=\"#2f3b46\"/><path d=\"M").number(kLeft).raw(" 0h");
  svg.number(right - 3).raw("a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-").number(right - 3);
  svg.raw("z\" fill=\"").raw(look.colour);
  svg.raw(
      "\"/><g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" "
      "text-anchor=\"middle\"><text x=\"25\" y=\"14\">build</text><text x=\"");
  svg.number(kLeft + right / 2).raw("\" y=\"14\">").text(look.word).raw("</text></g></svg>\n");
  return svg.markup();
}

std::string cc_xml(const Repositories& all, const std::string& origin) {
  Html xml;
  xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Projects>\n");
  for (const auto& [name, branches] : all)
    for (const auto& [ref, branch] : branches) {
      if (branch.newest.empty()) continue;
      const wire::BuildRow& newest = branch.newest.front();
      const wire::BuildRow* judged = branch.judged();
      const wire::BuildRow& shown = judged == nullptr ? newest : *judged;
      xml.raw("<Project name=\"").text(name + " " + std::string(words::short_ref(ref)));
      xml.raw("\" activity=\"").text(newest.state == State::Running ? "Building" : "Sleeping");
      xml.raw("\" lastBuildStatus=\"").raw(cc_status(judged)).raw("\" lastBuildLabel=\"");
      xml.number(shown.build.value).raw("\" lastBuildTime=\"");
      xml.text(utc(shown.finished ? shown.finished : shown.submitted)).raw("\" webUrl=\"");
      xml.text(origin + "/builds/").number(shown.build.value).raw("\"/>\n");
    }
  xml.raw("</Projects>\n");
  return xml.markup();
}

std::string atom_xml(const Atom& feed, const wire::BuildList& builds, const std::string& origin) {
  const std::string self = origin + atom_address(feed.repository) +
                           (feed.ref.empty() ? "" : "&ref=" + percent_encoded(feed.ref));
  UnixMillis updated;
  for (const wire::BuildRow& build : builds.builds) updated = std::max(updated, build.finished);
  Html xml;
  xml.raw(
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed "
         "xmlns=\"http://www.w3.org/2005/Atom\">\n<id>")
      .text(self)
      .raw("</id>\n<title>");
  xml.text(words::short_repository(feed.repository)).raw(": builds</title>\n<link rel=\"self\" ");
  xml.raw("href=\"").text(self).raw("\"/>\n<link href=\"").text(origin + "/").raw("\"/>\n");
  xml.raw("<updated>").text(utc(updated)).raw("</updated>\n");
  for (const wire::BuildRow& build : builds.builds)
    if (build.verdict) put_entry(xml, build, origin);
  xml.raw("</feed>\n");
  return xml.markup();
}

Asked ask(io::Client& client, const Badge& feed) {
  for (const std::string& ref :
       feed.ref.empty() ? std::vector<std::string>{"refs/heads/main", "refs/heads/master"}
                        : std::vector<std::string>{feed.ref}) {
    wire::ListBuilds question;
    question.repository = feed.repository;
    question.ref = ref;
    question.limit = Branch::kNewest;
    auto list = client.ask_for<wire::BuildList>(question);
    if (!list) return Unexpected{list.error()};
    const Branch branch{"", std::move(list->builds)};
    if (const wire::BuildRow* judged = branch.judged())
      return as("image/svg+xml", badge_svg(judged));
  }
  return as("image/svg+xml", badge_svg(nullptr));
}

Asked ask(io::Client& client, const CcXml&, const std::string& origin) {
  auto all = ask_repositories(client, "");
  if (!all) return Unexpected{all.error()};
  return as("text/xml; charset=utf-8", cc_xml(*all, origin));
}

Asked ask(io::Client& client, const Atom& feed, const std::string& origin) {
  wire::ListBuilds question;
  question.repository = feed.repository;
  question.ref = feed.ref;
  question.limit = kEntries;
  auto list = client.ask_for<wire::BuildList>(question);
  if (!list) return Unexpected{list.error()};
  return as("application/atom+xml; charset=utf-8", atom_xml(feed, *list, origin));
}

// A broker that is away is a number too: who is alarmed by it must be able to ask.
Asked ask(io::Client& client, const Metrics&, const OwnNumbers& own) {
  auto metrics = client.ask_for<wire::Metrics>(wire::FetchMetrics{});
  Found found = as("text/plain; version=0.0.4; charset=utf-8",
                   metrics_text(metrics ? std::optional(*metrics) : std::nullopt, own));
  found.answer.etag.clear();
  found.answer.cache_control = "no-store";
  return found;
}

}  // namespace seaworthy::reporter::feeds
