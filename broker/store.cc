#include "broker/store.h"

#include <memory>
#include <vector>

#include "broker/journal/change_codec.h"

namespace seaworthy::broker {

std::filesystem::path database_in(const std::filesystem::path& state) {
  return state / "seaworthy.db";
}

Store open_store(const std::filesystem::path& state) {
  Store store{Tables(database_in(state)), ChangeLog(state)};
  const std::vector<ChangeLog::Record> records = store.log.after(store.tables.filed());
  if (!records.empty()) {
    std::vector<SharedChanges> changes;
    for (const ChangeLog::Record& record : records)
      changes.push_back(
          std::make_shared<const std::vector<Change>>(decode_changes(record.changes)));
    store.tables.file(changes, records.back().number, Durability::Now);
  }
  store.log.begin_after(store.tables.filed());
  return store;
}

}  // namespace seaworthy::broker
