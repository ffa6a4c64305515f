// Pages for what is not there, and for when nothing can be said.
#include "reporter/pages/pages.h"

namespace seaworthy::reporter::pages {

Page not_found_page(std::string_view what) {
  Page page;
  page.title = "Not here";
  page.status = 404;
  page.main.raw("<h1>Not here</h1>\n<p>").text(what);
  page.main.raw(
      "</p>\n<p>Builds are removed when the broker is told to keep only so many. What is "
      "there: <a href=\"/\">all repositories</a>, the <a href=\"/queue\">queue</a>, the "
      "<a href=\"/workers\">workers</a>.</p>\n");
  return page;
}

Page away_page(std::string_view why) {
  constexpr unsigned kAgainAfter = 5;
  Page page;
  page.title = "The broker does not answer";
  page.status = 503;
  page.again_after_s = kAgainAfter;
  page.main.raw("<h1>The broker does not answer</h1>\n<p class=\"note\">").text(why);
  page.main.raw("</p>\n<p>This page tries again every ").number(kAgainAfter);
  page.main.raw(
      " seconds. Nothing is lost meanwhile: workers go on with what they run, and the "
      "broker remembers the rest. If it should be running, look at its log, "
      "<code>broker.log</code>, or type <code>seaworthy health</code>.</p>\n");
  return page;
}

}  // namespace seaworthy::reporter::pages
