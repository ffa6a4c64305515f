// Ansi turns the output of a job into lines of a page, as a terminal would show them: colours and
// weights (SGR, also of 256 and of 16 million colours) become classes, a carriage return begins its
// line anew, a backspace takes a character back, and all other sequences leave nothing. Works on
// any bytes, in time and memory in proportion to them. Pure.
//
// Colours beyond the first 16 become the nearest of the 256, each of which is a class of
// palette_css(): the pages' security policy allows no style in a page itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reporter/html.h"

namespace seaworthy::reporter {

// How text looks. Colours: 0 none, else 1 + an index into the 256.
struct Look {
  uint16_t fore = 0;
  uint16_t back = 0;
  bool bold = false;
  bool dim = false;
  bool italic = false;
  bool underlined = false;
  bool inverse = false;
  bool struck = false;
  bool operator==(const Look&) const = default;
};

// One line without its end; `look` is what the line before it left, and what this one leaves.
Html ansi_line(std::string_view line, Look& look);

// What is left of a line when nobody looks at colours: the text that ansi_line() shows.
std::string plain_line(std::string_view line);
// As ansi_line() leaves it, without showing the line.
Look look_after(std::string_view line, Look look);

// Rules for all classes that ansi_line() uses beyond the first 16 colours, for a dark ground.
std::string palette_css();

}  // namespace seaworthy::reporter
