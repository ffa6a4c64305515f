// Which characters of foreign text change how other text reads, or hide it: for pages and for mail.
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace seaworthy::reporter {

// Of one valid sequence of UTF-8.
uint32_t code_point(std::string_view sequence);

// C1, soft hyphen, marks of direction, separators and joiners without width, interlinear marks,
// tags, and what is no character at all. Those that scripts and emoji need are not among them.
bool is_hidden(uint32_t point);

}  // namespace seaworthy::reporter
