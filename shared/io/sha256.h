// Sha256 of bytes that come in parts. In a library of its own, so that a small program is linked
// with this much of OpenSSL only.
#pragma once

#include <openssl/sha.h>

#include <string>
#include <string_view>

namespace seaworthy::io {

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  // 64 digits. Once.
  std::string hex();

 private:
  SHA256_CTX context_{};
};

}  // namespace seaworthy::io
