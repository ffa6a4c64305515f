#include "reporter/news/transport.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "reporter/news/core/encode.h"
#include "reporter/news/transport_common.h"
#include "shared/base/assert.h"
#include "shared/model/limits.h"

namespace seaworthy::reporter::news {
namespace {

constexpr Duration kConnect = std::chrono::seconds(15);
constexpr size_t kShownBytes = 200;

// Called again and again, at least once a second: other than 0 ends the transfer.
int is_interrupted(void* interrupt_fd, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  pollfd item{*static_cast<const int*>(interrupt_fd), POLLIN, 0};
  return poll(&item, 1, 0) > 0 ? 1 : 0;
}

// What the other side answers, as far as it is read.
struct Answer {
  std::string start;
  bool is_cut = false;
  bool has_retry_after = false;
  Duration retry_after{0};
  std::string remaining;  // requests that GitHub still takes
};

size_t take_body(char* bytes, size_t, size_t count, void* into) {
  Answer& answer = *static_cast<Answer*>(into);
  const size_t room = limits::kNewsAnswerBytes - answer.start.size();
  answer.start.append(bytes, std::min(room, count));
  answer.is_cut = count > room;
  return answer.is_cut ? 0 : count;
}

size_t take_header(char* bytes, size_t, size_t count, void* into) {
  Answer& answer = *static_cast<Answer*>(into);
  std::string_view line(bytes, count);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
  if (name == "retry-after") {
    answer.has_retry_after = true;
    answer.retry_after = retry_after(value);
  }
  if (name == "x-ratelimit-remaining") answer.remaining = value;
  return count;
}

Tried judged(const Target& target, int status, const Answer& answer) {
  Tried tried;
  tried.fate = fate_of_status(target.kind, status, answer.start);
  tried.said = "HTTP " + std::to_string(status);
  if (const std::string line = first_line(answer.start); !line.empty()) tried.said += ": " + line;
  if (status >= 300 && status < 400) tried.said += " (redirects are not followed)";
  if (is_about_rate(status, answer.has_retry_after, answer.remaining)) tried.fate = Fate::Again;
  if (tried.fate != Fate::Delivered) tried.not_before = answer.retry_after;
  return tried;
}

}  // namespace

void prepare_transport() {
  const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  SW_ASSERT(code == CURLE_OK);
  std::signal(SIGPIPE, SIG_IGN);  // what libcurl leaves to the program when there are threads
}

Handle new_handle(const Target& target, const std::string& url, const int& interrupt_fd) {
  Handle handle(curl_easy_init());
  SW_ASSERT(handle != nullptr);
  set(handle, CURLOPT_URL, url.c_str());
  set(handle, CURLOPT_NOSIGNAL, 1L);  // threads
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_PROXY, target.proxy.c_str());  // "": none
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(target.timeout.count()));
  set(handle, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::min(kConnect, target.timeout).count()));
  // Of a mail server, also while it is told that the conversation is over.
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(target.timeout).count();
  set(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(seconds));
  set(handle, CURLOPT_FORBID_REUSE, 1L);
  if (!target.ca_file.empty()) set(handle, CURLOPT_CAINFO, target.ca_file.c_str());
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, &is_interrupted);
  set(handle, CURLOPT_XFERINFODATA, const_cast<int*>(&interrupt_fd));
  return handle;
}

List list_of(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const std::string& line : lines) {
    list = curl_slist_append(list, line.c_str());
    SW_ASSERT(list != nullptr);
  }
  return List(list);
}

std::string trouble_of(CURLcode code, const char* buffer) {
  const std::string_view text = *buffer == '\0' ? curl_easy_strerror(code) : buffer;
  return one_line(text, kShownBytes);
}

Fate fate_of_trouble(CURLcode code) {
  const bool needs_somebody = code == CURLE_PEER_FAILED_VERIFICATION ||
                              code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CACERT_BADFILE ||
                              code == CURLE_LOGIN_DENIED || code == CURLE_URL_MALFORMAT ||
                              code == CURLE_UNSUPPORTED_PROTOCOL;
  return needs_somebody ? Fate::Slowly : Fate::Again;
}

std::string first_line(std::string_view answer) {
  return one_line(answer.substr(0, answer.find_first_of("\r\n")), kShownBytes);
}

Transport::Transport(const Target& target, int interrupt_fd)
    : target_(target), interrupt_fd_(interrupt_fd) {}

Tried Transport::post(const HttpRequest& request) const {
  std::vector<std::string> lines = request.headers;
  // Without an answer to Expect the body would be held back for a second.
  for (const char* line : {"Content-Type: application/json", "User-Agent: seaworthy", "Expect:"})
    lines.emplace_back(line);
  const List headers = list_of(lines);
  std::array<char, CURL_ERROR_SIZE> trouble{};
  Answer answer;
  const Handle handle = new_handle(target_, request.url, interrupt_fd_);
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_HTTPHEADER, headers.get());
  set(handle, CURLOPT_POST, 1L);
  set(handle, CURLOPT_POSTFIELDS, request.body.c_str());
  set(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
  set(handle, CURLOPT_WRITEFUNCTION, &take_body);
  set(handle, CURLOPT_WRITEDATA, &answer);
  set(handle, CURLOPT_HEADERFUNCTION, &take_header);
  set(handle, CURLOPT_HEADERDATA, &answer);
  set(handle, CURLOPT_ERRORBUFFER, trouble.data());
  const CURLcode code = curl_easy_perform(handle.get());
  if (code == CURLE_ABORTED_BY_CALLBACK) return {Fate::Interrupted, "interrupted", {}};
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  // An answer counts when all of it is there, or as much as we want.
  if (code == CURLE_OK || (answer.is_cut && status > 0))
    return judged(target_, static_cast<int>(status), answer);
  return {fate_of_trouble(code), trouble_of(code, trouble.data()), {}};
}

}  // namespace seaworthy::reporter::news
