// What is around each page: head, navigation, and the place that says whether the page is live.
#pragma once

#include <optional>
#include <string>

#include "reporter/html.h"
#include "shared/http/message.h"
#include "shared/base/ids.h"

namespace seaworthy::reporter {

enum class Section : uint8_t { Home, Queue, Workers, None };

struct Page {
  std::string title;
  Section section = Section::None;
  Html main;                    // with its h1
  bool is_live = false;         // it wants to hear of changes
  std::optional<BuildId> only;  // of this build's
  EventSequence after;          // older changes are in it
  unsigned status = 200;
  unsigned again_after_s = 0;  // it loads itself again; 0: it does not
};

http::Answer framed(const Page& page);

}  // namespace seaworthy::reporter
