#include "watcher/webhooks/delivery.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "watcher/webhooks/payload.h"

namespace seaworthy::watcher {
namespace {

// How far a generic hook's clock may be from ours; one that is older was listened to.
constexpr int64_t kLongestAgeSeconds = 300;

std::string hex(const uint8_t* bytes, size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

const uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

std::string digest_of(std::string_view text) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> sum{};
  SHA256(bytes_of(text), text.size(), sum.data());
  return hex(sum.data(), sum.size());
}

std::string signature_of(std::string_view text, const std::string& secret) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> sum{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(),
       sum.data(), &length);
  return hex(sum.data(), sum.size());
}

// Of digests, so that not even a length is told by the time that it takes.
bool is_same(std::string_view a, std::string_view b) {
  const std::string left = digest_of(a);
  const std::string right = digest_of(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool is_signed(std::string_view text, std::string_view signature,
               const std::vector<std::string>& secrets) {
  bool good = false;
  for (const std::string& secret : secrets)
    good = is_same(signature, signature_of(text, secret)) || good;
  return good;
}

Refused unsigned_because(const std::string& why) {
  return {401, why + ": the hook's secret must be a line of the watcher's --webhook-secret file"};
}

Result<Done, Refused> check_signature(std::string_view header, std::string_view prefix,
                                      const http::Request& request,
                                      const std::vector<std::string>& secrets) {
  std::string_view given = request.field(header);
  if (given.empty())
    return Unexpected{unsigned_because("This delivery has no " + std::string(header))};
  if (!given.starts_with(prefix)) return Unexpected{unsigned_because("Another way of signing")};
  given.remove_prefix(prefix.size());
  if (!is_signed(request.body, given, secrets))
    return Unexpected{unsigned_because("The signature is not one of this body")};
  return Done{};
}

Result<Done, Refused> check_token(const http::Request& request,
                                  const std::vector<std::string>& secrets) {
  bool good = false;
  for (const std::string& secret : secrets)
    good = is_same(request.field("X-Gitlab-Token"), secret) || good;
  if (good) return Done{};
  return Unexpected{unsigned_because("The X-Gitlab-Token is missing or another one")};
}

// The time is signed with the body: what was listened to cannot be sent again much later, and
// two deliveries with the same words are two.
Result<Done, Refused> check_generic(const http::Request& request,
                                    const std::vector<std::string>& secrets, UnixMillis now) {
  const std::string_view time = request.field("X-Seaworthy-Timestamp");
  std::string_view given = request.field("X-Seaworthy-Signature");
  if (!given.starts_with("sha256=") || time.empty())
    return Unexpected{unsigned_because(
        "This delivery has no X-Seaworthy-Timestamp, or no X-Seaworthy-Signature: sha256=…")};
  given.remove_prefix(7);
  if (!is_signed(std::string(time) + "." + request.body, given, secrets))
    return Unexpected{unsigned_because("The signature is not one of this time and body")};
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), seconds);
  const int64_t here = static_cast<int64_t>(now.value / 1000);
  if (error != std::errc{} || end != time.data() + time.size() ||
      seconds < here - kLongestAgeSeconds || seconds > here + kLongestAgeSeconds)
    return Unexpected{
        Refused{401,
                "This delivery says that it is of another time (Unix seconds, within 5 minutes of "
                "ours): is a clock wrong?"}};
  return Done{};
}

Result<Done, Refused> check(Forge forge, const http::Request& request,
                            const std::vector<std::string>& secrets, UnixMillis now) {
  switch (forge) {
    case Forge::GitHub: return check_signature("X-Hub-Signature-256", "sha256=", request, secrets);
    case Forge::Gitea: return check_signature("X-Gitea-Signature", "", request, secrets);
    case Forge::GitLab: return check_token(request, secrets);
    case Forge::Generic: return check_generic(request, secrets, now);
  }
  return Unexpected{Refused{}};
}

}  // namespace

std::string_view to_string(Forge forge) {
  switch (forge) {
    case Forge::GitHub: return "github";
    case Forge::Gitea: return "gitea";
    case Forge::GitLab: return "gitlab";
    case Forge::Generic: return "generic";
  }
  return "";
}

std::optional<Forge> forge_of(std::string_view path) {
  for (Forge forge : {Forge::GitHub, Forge::Gitea, Forge::GitLab, Forge::Generic})
    if (path == "/hooks/" + std::string(to_string(forge))) return forge;
  return std::nullopt;
}

Result<Delivery, Refused> read_delivery(Forge forge, const http::Request& request,
                                        const std::vector<std::string>& secrets, UnixMillis now) {
  if (auto good = check(forge, request, secrets, now); !good) return Unexpected{good.error()};
  auto names = names_in(request.body);
  if (!names) return Unexpected{Refused{400, names.error()}};
  const std::string time(forge == Forge::Generic ? request.field("X-Seaworthy-Timestamp") : "");
  return Delivery{forge, digest_of(time + "." + request.body), std::move(*names)};
}

}  // namespace seaworthy::watcher
