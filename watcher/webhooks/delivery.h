// Delivery is what a forge's web hook said, once it is known who said it: which repository changed.
// That it changed is all that is believed of it; what changed, git is asked. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/time.h"
#include "shared/http/message.h"

namespace seaworthy::watcher {

// Whose way of signing and of naming a repository.
enum class Forge : uint8_t { GitHub, Gitea, GitLab, Generic };

std::string_view to_string(Forge forge);
// Of "/hooks/github".
std::optional<Forge> forge_of(std::string_view path);

struct Delivery {
  Forge forge = Forge::Generic;
  std::string digest;  // hex: two of the same are one that was sent again
  std::vector<std::string>
      names;  // of the repository, as the forge calls it; none: a mere greeting
};

struct Refused {
  unsigned status = 400;  // of HTTP
  std::string why;        // for who set the hook up; says nothing of the secret
};

// `secrets`: any of them may have signed, so that one can be replaced by another. Signatures are
// compared in constant time. The body is looked into only after that.
Result<Delivery, Refused> read_delivery(Forge forge, const http::Request& request,
                                        const std::vector<std::string>& secrets, UnixMillis now);

}  // namespace seaworthy::watcher
