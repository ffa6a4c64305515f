// What is around each page: head, navigation, and the place that says whether the page is live.
#pragma once

#include <optional>
#include <string>

#include "reporter/html.h"
#include "shared/base/ids.h"
#include "shared/http/message.h"

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
  bool is_log = false;         // it shows output, with what that needs of style, script and keys
  bool is_wall = false;        // nothing around it: it is looked at from afar
  bool has_sign_in = false;    // there is somebody to be
};

// What a page is to know besides what it shows.
struct Asking {
  EventSequence after;       // older changes are in it
  bool has_sign_in = false;  // people can sign in
  bool has_buttons = false;  // who asks may change something
};

http::Answer framed(const Page& page);

}  // namespace seaworthy::reporter
