#include "shared/io/sha256.h"

#include <array>

#include "shared/base/assert.h"

// These functions are what libcrypto had before EVP, and are in each version 3. EVP would read
// openssl.cnf and look for providers first: 1.6 ms and 2 MiB for each job.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace seaworthy::io {

Sha256::Sha256() { SW_ASSERT(SHA256_Init(&context_) == 1); }

void Sha256::add(std::string_view bytes) {
  SW_ASSERT(SHA256_Update(&context_, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SW_ASSERT(SHA256_Final(hash.data(), &context_) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : hash) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace seaworthy::io
