#include "broker/journal/sqlite.h"

#include <cerrno>

#include "shared/base/assert.h"

namespace seaworthy::broker {
namespace {

[[noreturn]] void fail(sqlite3* db, const std::string& attempted) {
  const char* file = sqlite3_db_filename(db, "main");
  const std::string text =
      "cannot " + attempted + " of " + (file != nullptr && *file != '\0' ? file : "the store") +
      ": " + sqlite3_errmsg(db) + " (SQLite " + std::to_string(sqlite3_extended_errcode(db)) + ")";
  const int code = sqlite3_errcode(db) & 0xff, cause = sqlite3_system_errno(db);
  if (code == SQLITE_FULL || (code == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT)))
    throw OutOfSpace(text);
  throw StoreError(text);
}

}  // namespace

void forgo_memory_statistics() {
  SW_ASSERT(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
}

Database::Database(const std::filesystem::path& file, OpenMode mode)
    : Database(file.c_str(),
               mode == OpenMode::ReadOnly ? SQLITE_OPEN_READONLY
                                          : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
               nullptr) {}

Database::Database(const char* file, int flags, const char* vfs) {
  sqlite3* db = nullptr;
  const int result = sqlite3_open_v2(file, &db, flags | SQLITE_OPEN_NOMUTEX, vfs);
  handle_.reset(db);
  if (result != SQLITE_OK)
    throw StoreError(std::string("cannot open the store ") + file + ": " + sqlite3_errmsg(db));
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, 10'000);
}

Database Database::reader_of(const Database& other) {
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(other.handle(), "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  return {sqlite3_db_filename(other.handle(), "main"), SQLITE_OPEN_READONLY,
          vfs == nullptr ? nullptr : vfs->zName};
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(handle_.get(), "run `" + std::string(sql).substr(0, 120) + "`");
}

Statement::Statement(const Database& database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    fail(database.handle(), "prepare `" + std::string(sql) + "`");
  handle_.reset(statement);
}

bool Statement::next() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE)
    fail(sqlite3_db_handle(handle_.get()), std::string("run `") + sqlite3_sql(handle_.get()) + "`");
  sqlite3_reset(handle_.get());
  return false;
}

void Statement::run() { SW_ASSERT(!next()); }

void Statement::reset() { sqlite3_reset(handle_.get()); }

std::string_view Statement::view(int column) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

void Statement::bind_one(int index, int64_t value) {
  SW_ASSERT(sqlite3_bind_int64(handle_.get(), index, value) == SQLITE_OK);
}
void Statement::bind_one(int index, std::string_view value) {
  SW_ASSERT(sqlite3_bind_text(handle_.get(), index, value.data(), static_cast<int>(value.size()),
                              SQLITE_TRANSIENT) == SQLITE_OK);
}
void Statement::bind_one(int index, Blob value) {
  SW_ASSERT(sqlite3_bind_blob(handle_.get(), index, value.bytes.data(),
                              static_cast<int>(value.bytes.size()), SQLITE_TRANSIENT) == SQLITE_OK);
}
void Statement::bind_one(int index, std::nullptr_t) {
  SW_ASSERT(sqlite3_bind_null(handle_.get(), index) == SQLITE_OK);
}

}  // namespace seaworthy::broker
