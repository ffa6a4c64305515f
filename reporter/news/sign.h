// Sign: what a receiver can check a webhook by, and a word that stands for a branch. By OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace seaworthy::reporter::news {

// "sha256=…": HMAC-SHA256 of the body with the secret, in hex.
std::string signature_of(std::string_view secret, std::string_view body);

// 32 hex digits, the same for all builds of one branch of one repository.
std::string thread_of(std::string_view repository, std::string_view ref);

}  // namespace seaworthy::reporter::news
