// The words that all programs share, under the name that the pages of the command line use.
#pragma once

#include "shared/words/text.h"

namespace seaworthy::cli::render {

using namespace words;

}  // namespace seaworthy::cli::render
