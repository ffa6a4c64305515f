#include "cli/render/style.h"

namespace seaworthy::cli::render {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::Plain: return "";
    case Colour::Bold: return "1";
    case Colour::Dim: return "2";
    case Colour::Red: return "31";
    case Colour::Green: return "32";
    case Colour::Yellow: return "33";
    case Colour::Cyan: return "36";
  }
  return "";
}

}  // namespace

Colour colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed: return Colour::Green;
    case Verdict::Failed: return Colour::Red;
    case Verdict::Flaky:
    case Verdict::Inconclusive: return Colour::Yellow;
    case Verdict::Cancelled:
    case Verdict::Skipped: return Colour::Dim;
  }
  return Colour::Plain;
}

std::string Style::paint(Colour colour, std::string_view text) const {
  const std::string_view code = code_of(colour);
  if (!colours_ || code.empty() || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string Style::paint(Verdict verdict) const {
  return paint(colour_of(verdict), to_string(verdict));
}

}  // namespace seaworthy::cli::render
