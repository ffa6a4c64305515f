// Visitor is who asks, and how that is known. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/http/message.h"
#include "shared/model/access.h"

namespace seaworthy::reporter {

enum class Way : uint8_t {
  Nobody,
  Wrong,   // said a token that is none
  Cookie,  // a browser that signed in
  Bearer,  // a script's Authorization field
  Header,  // the proxy before us says who it is
};

struct Visitor {
  Way way = Way::Nobody;
  std::string name;
  std::optional<Access> access;
  std::string form_token;  // that forms must carry; of Cookie and Header

  bool may(Access needed) const { return access && *access >= needed; }
};

// The value of "Authorization: Bearer VALUE"; empty if it has another form.
std::string_view bearer_of(const http::Request& request);
// Of the field Cookie; empty if it is not there, or there twice.
std::string cookie_of(const http::Request& request, std::string_view name);
// The value of a field that must be there once: what a client adds to a proxy's is not believed.
std::string_view only_field(const http::Request& request, std::string_view name);
// Whether a browser says that a page of ours sent this. One that says nothing sent it by itself.
bool is_from_our_page(const http::Request& request);
// An address on this site to go on to after a sign-in; "/" if it is no such.
std::string safe_address(std::string_view wanted);
// Whether two secrets are equal, in the same time whether or not.
bool are_equal(std::string_view a, std::string_view b);

}  // namespace seaworthy::reporter
