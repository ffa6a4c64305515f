#include "watcher/webhooks/door.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>

#include "shared/git/objects.h"
#include "shared/http/head.h"
#include "shared/io/clock.h"
#include "shared/io/file.h"
#include "watcher/webhooks/payload.h"

namespace seaworthy::watcher {
namespace {

// GitHub sends at most 25 MiB, and no more than some hundred KiB for a push of 2,048 commits.
constexpr size_t kBodyBytes = 8 * 1024 * 1024;
constexpr size_t kConnections = 32;
constexpr Duration kDeadline{10'000};
constexpr size_t kShortestSecret = 16;

http::ServerOptions server_options(const std::string& listen) {
  http::ServerOptions options;
  auto address = http::parse_address(listen);
  if (!address)
    throw std::runtime_error("cannot listen on '" + listen +
                             "': --webhooks takes ADDRESS:PORT, as 127.0.0.1:8891 or [::]:8891");
  options.host = address->host;
  options.port = address->port;
  options.connections = kConnections;
  options.body_bytes = kBodyBytes;
  options.deadline = kDeadline;
  return options;
}

std::vector<std::string> read_secrets(const std::filesystem::path& file) {
  const std::string what = "cannot take web hooks with the secret in " + file.string() + ": ";
  if (file.empty())
    throw std::runtime_error(
        "cannot take web hooks: --webhook-secret FILE names a file whose lines are secrets that "
        "may sign them; `openssl rand -hex 32` makes one");
  struct stat about {};
  if (stat(file.c_str(), &about) == 0 && (about.st_mode & 077) != 0)
    throw std::runtime_error(what + "others than its owner may read or write it; chmod 600 it");
  auto text = io::read_file(file);
  if (!text) throw std::runtime_error(what + text.error());
  std::vector<std::string> secrets;
  std::string_view left = *text;
  while (!left.empty()) {
    const size_t end = std::min(left.find('\n'), left.size());
    std::string_view line = left.substr(0, end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty() && line.size() < kShortestSecret)
      throw std::runtime_error(
          what + "a line is shorter than " + std::to_string(kShortestSecret) +
          " characters, which can be guessed; `openssl rand -hex 32` makes one");
    if (!line.empty()) secrets.emplace_back(line);
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  if (secrets.empty()) throw std::runtime_error(what + "it has no line");
  return secrets;
}

DeliveryRecord open_record(const std::filesystem::path& file) {
  auto record = DeliveryRecord::open(file);
  if (!record) throw std::runtime_error("cannot take web hooks: " + record.error());
  return std::move(*record);
}

}  // namespace

Door::Door(const DoorOptions& options, std::vector<std::string> repositories,
           std::function<void(const std::string&)> look)
    : secrets_(read_secrets(options.secret_file)),
      repositories_(std::move(repositories)),
      look_(std::move(look)),
      record_(open_record(options.record)),
      server_(
          server_options(options.listen),
          [this](const http::Request& request, const std::shared_ptr<http::Exchange>& exchange) {
            handle(request, *exchange);
          }),
      thread_([this] { server_.run(); }) {}

Door::~Door() {
  server_.stop();
  thread_.join();
}

void Door::handle(const http::Request& request, http::Exchange& exchange) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/healthz") return exchange.answer(http::plain_answer(200, "ok"));
  const auto forge = forge_of(path);
  if (!forge)
    return exchange.answer(http::plain_answer(
        404, "Web hooks go to /hooks/github, /hooks/gitea, /hooks/gitlab or /hooks/generic."));
  if (request.method != http::Method::Post) {
    http::Answer answer = http::plain_answer(405, "A web hook is a POST.");
    answer.fields.emplace_back("Allow", "POST");
    return exchange.answer(answer);
  }
  const auto delivery = read_delivery(*forge, request, secrets_, io::wall_now());
  if (!delivery) {
    complain(request, delivery.error());
    return exchange.answer(http::plain_answer(delivery.error().status, delivery.error().why));
  }
  exchange.answer(take(*delivery));
}

http::Answer Door::take(const Delivery& delivery) {
  if (delivery.names.empty())
    return http::plain_answer(200, "This names no repository: nothing to look at.");
  const auto watched =
      std::find_if(repositories_.begin(), repositories_.end(), [&](const std::string& repository) {
        return std::any_of(delivery.names.begin(), delivery.names.end(),
                           [&](const auto& name) { return is_same_repository(name, repository); });
      });
  if (watched == repositories_.end()) {
    spdlog::warn("a web hook of {} is about {}, which is not watched here",
                 to_string(delivery.forge), git::printable(delivery.names.front(), 200));
    return http::plain_answer(
        404, "That repository is not watched here: add it to the watcher's arguments.");
  }
  if (record_.has(delivery.digest))
    return http::plain_answer(200, "This delivery was taken before: nothing was done again.");
  if (auto recorded = record_.add(delivery, *watched, io::wall_now()); !recorded) {
    spdlog::error("cannot record a web hook about {}: {}", *watched, recorded.error());
    http::Answer answer =
        http::plain_answer(503, "This delivery could not be recorded: send it again.");
    answer.retry_after_s = 30;
    return answer;
  }
  spdlog::debug("a web hook of {}: look at {}", to_string(delivery.forge), *watched);
  look_(*watched);
  return http::plain_answer(202, "It will be looked at.");
}

void Door::complain(const http::Request& request, const Refused& refused) {
  if (const uint64_t count = refusals_.pass(io::now().since_start.count()); count > 0)
    spdlog::warn("refused {} web hook(s), the last one from {}: {}", count, request.peer,
                 refused.why);
}

}  // namespace seaworthy::watcher
