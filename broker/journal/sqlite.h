// Database and Statement own SQLite's handles; every error is an exception that names the
// statement, because a store that refuses is the machine failing us: it goes to main. One
// connection per thread.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/journal/store_error.h"
#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

// Before the first Database of the process: SQLite counts no memory then, and takes no lock for
// each piece of it.
void forgo_memory_statistics();

enum class OpenMode : uint8_t { ReadWrite, ReadOnly };

class Database {
 public:
  Database(const std::filesystem::path& file, OpenMode mode);
  // Another connection to what this one is open on, to read what is committed.
  static Database reader_of(const Database& other);
  void execute(const char* sql);
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  Database(const char* file, int flags, const char* vfs);
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement that is bound, run and read in order: bind(…) takes all parameters; next()
// steps.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  // Resets, then binds parameters 1, 2, … Texts and blobs are copied.
  template <class... Ts>
  Statement& bind(const Ts&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  // True while there is a row. At the end the statement is reset by itself.
  bool next();
  // For statements without rows.
  void run();
  void reset();

  int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  bool is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }
  std::string text(int column) const { return std::string(view(column)); }  // also of a blob
  // Valid until the next step.
  std::string_view view(int column) const;
  template <class IdType>
  IdType id(int column) const {
    return IdType{static_cast<typename IdType::Representation>(integer(column))};
  }
  template <class Token>
  Token token(int column) const {
    Token token;
    const std::string_view bytes = view(column);
    if (bytes.size() == token.bytes.size())
      std::copy(bytes.begin(), bytes.end(), token.bytes.begin());
    return token;
  }
  UnixMillis time(int column) const { return {integer(column)}; }

 private:
  struct Blob {
    std::string_view bytes;
  };
  void bind_one(int index, int64_t value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, Blob value);
  void bind_one(int index, std::nullptr_t);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view(value)); }
  template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  void bind_one(int index, T value) { bind_one(index, static_cast<int64_t>(value)); }
  template <class Tag, class Rep>
  void bind_one(int index, Id<Tag, Rep> value) {
    bind_one(index, static_cast<int64_t>(value.value));
  }
  void bind_one(int index, UnixMillis value) { bind_one(index, value.value); }
  template <class Tag>
  void bind_one(int index, const Token128<Tag>& value) {
    bind_one(index, Blob{{reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()}});
  }
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value)
      bind_one(index, *value);
    else
      bind_one(index, nullptr);
  }

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;

 public:
  // Marks bytes to be bound as a BLOB.
  static Blob as_blob(std::string_view bytes) { return Blob{bytes}; }
};

}  // namespace seaworthy::broker
