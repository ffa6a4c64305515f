// A core whose changes are written as the loop would, one transaction per step.
#pragma once

#include <filesystem>
#include <vector>

#include "broker/journal/tables.h"
#include "tests/broker/broker_fixture.h"
#include "tests/support/folder.h"

namespace seaworthy::broker {

inline std::filesystem::path store_in(const Folder& folder) {
  return folder.path() / "seaworthy.db";
}

class StoredBroker {
 public:
  explicit StoredBroker(const std::filesystem::path& store)
      : tables_(store), core_({Timing{}, 1'000'000}, tables_.recover(), Instant{}) {}

  std::vector<Outgoing> say(PeerNumber peer, const wire::Message& message,
                            uint64_t blob_bytes = 0) {
    return tell(MessageReceived{peer, 1, &message, blob_bytes});
  }
  std::vector<Outgoing> tell(const Event& event) {
    Effects effects = core_.step({now, wall}, event);
    filed.push_back(std::make_shared<const std::vector<Change>>(effects.changes));
    tables_.file({filed.back()}, tables_.filed() + 1, Durability::Later);
    return effects.messages;
  }
  Tables& tables() { return tables_; }
  Core& core() { return core_; }

  std::vector<SharedChanges> filed;  // by each step
  UnixMillis wall{5'000};
  Instant now{};

 private:
  Tables tables_;
  Core core_;
};

}  // namespace seaworthy::broker
