// Excerpt: the end of a job's output as plain lines, as a terminal would have left them: no
// colours, nothing that a carriage return or a backspace took back. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seaworthy::reporter::news {

inline constexpr size_t kExcerptLines = 60;         // of one job
inline constexpr size_t kExcerptLineBytes = 400;    // of one line
inline constexpr size_t kExcerptBytes = 32 * 1024;  // of output that are looked at

// `is_whole`: the bytes begin where a line begins; else what stands before the first line's end is
// left out.
std::vector<std::string> last_lines(std::string_view bytes, bool is_whole);

}  // namespace seaworthy::reporter::news
