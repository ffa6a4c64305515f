#include "reporter/entry/entry.h"

#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace seaworthy::reporter {
namespace {

std::vector<io::Token> or_throw(Result<std::vector<io::Token>> tokens) {
  if (!tokens) throw std::runtime_error(tokens.error());
  return std::move(*tokens);
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

Entry::Entry(EntryOptions options)
    : options_(std::move(options)), secret_(io::make_token()), sessions_(limits::kSignedIn) {
  if (options_.tokens.empty()) return;
  changes_ = io::Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const std::filesystem::path folder = folder_of(options_.tokens);
  // The folder, because the list is replaced as a whole. Before it is read for the first time.
  if (!changes_ || inotify_add_watch(changes_.get(), folder.c_str(),
                                     IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB) < 0)
    throw std::runtime_error(io::errno_text("cannot follow changes in " + folder.string()));
  take(or_throw(io::read_tokens(options_.tokens)));
}

void Entry::take(std::vector<io::Token> tokens) {
  tokens_ = std::move(tokens);
  by_digest_.clear();
  by_name_.clear();
  for (size_t i = 0; i < tokens_.size(); ++i) {
    by_digest_[tokens_[i].digest] = i;
    by_name_[tokens_[i].name] = i;
  }
  sessions_.follow(tokens_);
}

bool Entry::follow() {
  char events[4096];
  bool any = false;
  while (read(changes_.get(), events, sizeof events) > 0) any = true;
  if (!any) return false;
  auto tokens = io::read_tokens(options_.tokens);
  if (!tokens) {
    spdlog::error("{}; those let in before are still let in", tokens.error());
    return false;
  }
  if (*tokens == tokens_) return false;
  spdlog::info("the list of tokens has changed: {} are let in", tokens->size());
  take(std::move(*tokens));
  return true;
}

Visitor Entry::visitor_of(const http::Request& request, Instant now) const {
  if (const std::string_view bearer = bearer_of(request); !bearer.empty()) {
    const auto found = by_digest_.find(io::digest_of(bearer));
    if (found == by_digest_.end()) return {Way::Wrong, "", std::nullopt, ""};
    const io::Token& token = tokens_[found->second];
    return {Way::Bearer, token.name, token.access, ""};
  }
  if (const std::string value = cookie_of(request, cookie_name()); !value.empty())
    if (const Session* session = sessions_.find(io::digest_of(value), now))
      return {Way::Cookie, session->name, session->access, session->form_token};
  const bool is_trusted =
      !options_.trust_header.empty() &&
      std::ranges::find(options_.trust_from, request.peer) != options_.trust_from.end();
  const std::string name(is_trusted ? only_field(request, options_.trust_header) : "");
  if (name.empty() || name.size() > limits::kNameBytes) return {};
  const auto known = by_name_.find(name);
  const Access access = known == by_name_.end() ? options_.trusted : tokens_[known->second].access;
  return {Way::Header, name, access, io::digest_of(secret_ + name)};
}

bool Entry::is_own_form(const Visitor& visitor, const http::Request& request,
                        const std::string& form_token) {
  return !visitor.form_token.empty() && are_equal(visitor.form_token, form_token) &&
         is_from_our_page(request);
}

std::optional<std::string> Entry::sign_in(const std::string& token, const http::Request& request,
                                          Moment now) {
  const auto found = by_digest_.find(io::digest_of(token));
  if (found == by_digest_.end()) return std::nullopt;
  const io::Token& known = tokens_[found->second];
  const std::string value = io::make_token();
  Session session;
  session.name = known.name;
  session.token = known.digest;
  session.access = known.access;
  session.form_token = io::make_token();
  session.peer = request.peer;
  session.since = now.wall;
  session.until = now.now + limits::kSignedInFor;
  sessions_.open(io::digest_of(value), std::move(session));
  spdlog::info("{} ({}) signed in from {}", known.name, to_string(known.access), request.peer);
  using std::chrono::seconds;
  return cookie(value, std::chrono::duration_cast<seconds>(limits::kSignedInFor).count());
}

std::string Entry::sign_out(const http::Request& request) {
  sessions_.end(io::digest_of(cookie_of(request, cookie_name())));
  return cookie("", 0);
}

bool Entry::take_failure(const std::string& address, Instant now) {
  const bool is_few = failures_.add(address, now);
  if (uint64_t count = wrong_.pass(now.since_start.count()))
    spdlog::warn("{} wrong token(s), the last one from {}: nobody was let in", count, address);
  return is_few;
}

// With the prefix a browser takes it over TLS only, and from this host only.
const char* Entry::cookie_name() const {
  return options_.is_tls ? "__Host-seaworthy" : "seaworthy";
}

std::string Entry::cookie(const std::string& value, int64_t seconds) const {
  return std::string(cookie_name()) + "=" + value +
         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds) +
         (options_.is_tls ? "; Secure" : "");
}

}  // namespace seaworthy::reporter
