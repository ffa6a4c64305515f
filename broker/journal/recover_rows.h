// What the readers of the store after a restart have in common: rows which no broker can have
// written are refused by name, with a StoreError.
#pragma once

#include <cstdint>
#include <string>

#include "broker/journal/sqlite.h"
#include "shared/model/verdict.h"

namespace seaworthy::broker {

// Far above what a store will ever count to, far below where counting on from it overflows.
inline constexpr int64_t kLargestNumber = int64_t{1} << 61;
inline constexpr int64_t kLargestCount = 1'000'000'000;

// A row as it is named when it is refused: put together only then.
struct Row {
  const char* table;
  uint64_t id = 0;  // 0: the table's name says it all
  std::string name() const {
    return id == 0 ? std::string(table) : std::string(table) + " " + std::to_string(id);
  }
};

[[noreturn]] inline void refuse(const Row& row, const std::string& why) {
  throw StoreError("cannot use the store: " + row.name() + " " + why +
                   ": the file was damaged or changed by another program; restore a copy of it "
                   "(docs/storage.md)");
}

template <class IdType>
Row name_of(const char* table, IdType id) {
  return {table, id.value};
}

inline int64_t in_range(const Statement& row, int column, int64_t least, int64_t most,
                        const Row& where, const char* what) {
  const int64_t value = row.integer(column);
  if (row.is_null(column) || value < least || value > most)
    refuse(where, "has the impossible " + std::string(what) + " " +
                      (row.is_null(column) ? "NULL" : std::to_string(value)));
  return value;
}

// Ids, ranks and sequence numbers; 0 only where the table may be empty.
inline uint64_t number(const Statement& row, int column, int64_t least, const Row& where,
                       const char* what) {
  return static_cast<uint64_t>(in_range(row, column, least, kLargestNumber, where, what));
}

inline Verdict verdict(const Statement& row, int column, const Row& where) {
  return static_cast<Verdict>(in_range(row, column, static_cast<int64_t>(Verdict::Passed),
                                       static_cast<int64_t>(Verdict::Inconclusive), where,
                                       "verdict"));
}

inline size_t count(const Database& database, const char* sql) {
  Statement row(database, sql);
  row.next();
  return static_cast<size_t>(row.integer(0));
}

}  // namespace seaworthy::broker
