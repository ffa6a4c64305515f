// Writing files that must be durable: everything throws StoreError, or OutOfSpace when the disk is
// full, which names the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace seaworthy::broker {

// "cannot write /x/y: Input/output error". Reads errno.
[[noreturn]] void fail(const std::string& attempted, const std::filesystem::path& path);

// All of them, at `offset`; not durable yet. `path`: for the error.
void write_all(int fd, std::string_view bytes, uint64_t offset, const std::filesystem::path& path);

// The names in it.
void sync_folder(const std::filesystem::path& folder);

}  // namespace seaworthy::broker
