#include "reporter/news/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>

#include "shared/base/assert.h"
#include "shared/base/text.h"

namespace seaworthy::reporter::news {
namespace {

constexpr size_t kThreadBytes = 16;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string signature_of(std::string_view secret, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const unsigned char* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                   bytes_of(body), body.size(), digest.data(), &size);
  SW_ASSERT(done != nullptr);
  return "sha256=" + hex_of({digest.data(), size});
}

std::string thread_of(std::string_view repository, std::string_view ref) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  const std::string both = std::string(repository) + '\n' + std::string(ref);
  SHA256(bytes_of(both), both.size(), digest.data());
  return hex_of({digest.data(), kThreadBytes});
}

}  // namespace seaworthy::reporter::news
