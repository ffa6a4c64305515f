// Sha256 of bytes that come in parts.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "shared/base/assert.h"

namespace seaworthy::fsck {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    SW_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) {
    SW_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  // 32 bytes. Once.
  std::string raw() {
    std::string digest(32, '\0');
    unsigned size = 0;
    SW_ASSERT(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                 &size) == 1 &&
              size == digest.size());
    return digest;
  }
  std::string hex() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (char byte : raw()) {
      text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
      text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
    }
    return text;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace seaworthy::fsck
