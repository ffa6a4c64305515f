// Requests: what is posted to each kind of target that speaks HTTP: address, headers and a body of
// JSON. docs/notifications.md describes them. Pure but for the signature's library.
#pragma once

#include <string>
#include <vector>

#include "reporter/news/core/plan.h"
#include "reporter/news/core/story.h"

namespace seaworthy::reporter::news {

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;  // "Name: value", without line breaks
  std::string body;
};

// For every kind but Mail. A forge needs `story.telling.project`.
HttpRequest request_for(const Target& target, const Story& story);

}  // namespace seaworthy::reporter::news
