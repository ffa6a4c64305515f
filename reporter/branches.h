// Branches: of each repository the refs that are watched or were built lately, with their newest
// builds. For lists of "how does everything stand". On the asker's thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/io/client.h"

namespace seaworthy::reporter {

struct Branch {
  std::string head;                    // the revision up to which it was submitted; empty: unknown
  std::vector<wire::BuildRow> newest;  // first the newest; at most kNewest
  static constexpr size_t kNewest = 10;

  // The newest that has its verdict; null if none of these has.
  const wire::BuildRow* judged() const;
};

using Branches = std::map<std::string, Branch>;        // by ref
using Repositories = std::map<std::string, Branches>;  // by name

// By the names that people give it: nothing else says which branch is the main one.
inline bool is_main(std::string_view ref) {
  return ref == "refs/heads/main" || ref == "refs/heads/master";
}

// `repository`: only this one; empty: all. Looks at a bounded number of branches and builds.
Result<Repositories, io::ClientError> ask_repositories(io::Client& client,
                                                       const std::string& repository);

}  // namespace seaworthy::reporter
