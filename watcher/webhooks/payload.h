// What stands in a web hook's body, and what a forge's name for a repository has in common with the
// one that the watcher was given. Bodies are foreign text: nothing is kept of them but the names,
// however deep or long they are. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace seaworthy::watcher {

// The URLs and paths by which a body names its repository, in JSON or as a form's `payload`; none
// when it names no repository, as a greeting does.
Result<std::vector<std::string>> names_in(std::string_view body);

// Whether two ways to write it name one repository: https://git@example.org:443/a/b.git,
// git@example.org:a/b and ssh://example.org/a/b do.
bool is_same_repository(std::string_view a, std::string_view b);

}  // namespace seaworthy::watcher
