// Numbers, times and foreign text as people read them, on a terminal or on a page. Pure; times are
// shown in the zone that TZ names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/time.h"

namespace seaworthy::words {

// "0.4 s", "12.3 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
std::string duration(Duration length);
// From one wall time to another; a clock that was set back gives 0.
Duration between(UnixMillis from, UnixMillis to);

// "2026-11-21 05:23:55"; "-" if it has not happened.
std::string date_time(UnixMillis at);
// "05:23:55".
std::string time_of_day(UnixMillis at);

// "812 B", "1.5 KiB", "20.0 MiB".
std::string bytes(uint64_t count);

// What others wrote, made harmless for a terminal and for a table: one line, control characters as
// '?', cut to `most` characters with an ellipsis.
std::string printable(std::string_view text, size_t most = 1000);

// "main" of "refs/heads/main"; other refs lose "refs/" only.
std::string short_ref(std::string_view ref);
// The first ten digits.
std::string short_revision(std::string_view revision);
// The last part of a path or URL, without ".git".
std::string short_repository(std::string_view repository);

// "1 build", "2 builds".
std::string count_of(uint64_t count, std::string_view noun);

// Columns that a terminal uses for UTF-8 text of ordinary width.
size_t width(std::string_view text);

}  // namespace seaworthy::words
