// Small readers of lines that the parsers of text share. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/text.h"

namespace seaworthy::worker::reports {

// Without colours and other commands to a terminal, and without what ends the line.
std::string plain(std::string_view line);

// The number at the start of `text`, which is removed from it; none if there is none.
std::optional<uint64_t> take_number(std::string_view& text);
// Removes `word` from the start of `text`; false if it is not there.
bool take(std::string_view& text, std::string_view word);

// `more` and a newline, as far as a test's output is kept.
void append_line(std::string& text, std::string_view more);

}  // namespace seaworthy::worker::reports
