#include "reporter/pages/frame.h"

#include "reporter/assets.h"

namespace seaworthy::reporter {
namespace {

void put_link(Html& html, Literal address, Literal words, bool is_here) {
  html.raw("<a href=\"").raw(address).raw("\"");
  if (is_here) html.raw(" aria-current=\"page\"");
  html.raw(">").raw(words).raw("</a>");
}

Html head_of(const Page& page) {
  Html html;
  html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
  html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
  if (page.again_after_s > 0)
    html.raw("<meta http-equiv=\"refresh\" content=\"").number(page.again_after_s).raw("\">\n");
  html.raw("<title>").text(page.title).raw(" · Seaworthy</title>\n");
  html.raw("<link rel=\"icon\" type=\"image/svg+xml\" href=\"");
  html.text(assets().address_of("icon.svg")).raw("\">\n<link rel=\"stylesheet\" href=\"");
  html.text(assets().address_of("style.css"));
  html.raw("\">\n<script type=\"module\" src=\"").text(assets().address_of("page.js"));
  html.raw("\"></script>\n</head>\n");
  return html;
}

Html bar_of(const Page& page) {
  Html html;
  html.raw(
      "<a class=\"skip\" href=\"#main\">Skip to content</a>\n<header>\n<a class=\"brand\" "
      "href=\"/\"><img alt=\"\" width=\"22\" height=\"22\" src=\"");
  html.text(assets().address_of("icon.svg")).raw("\">Seaworthy</a>\n<nav aria-label=\"Pages\">");
  put_link(html, "/", "Builds", page.section == Section::Home);
  put_link(html, "/queue", "Queue", page.section == Section::Queue);
  put_link(html, "/workers", "Workers", page.section == Section::Workers);
  if (page.has_sign_in) put_link(html, "/sign-in", "Sign in", false);
  html.raw(
      "</nav>\n<p id=\"live\" role=\"status\"></p>\n<p id=\"said\" class=\"hidden\" "
      "aria-live=\"polite\"></p>\n</header>\n");
  return html;
}

}  // namespace

http::Answer framed(const Page& page) {
  Html html = head_of(page);
  html.raw("<body");
  if (page.is_live) {
    html.raw(" data-after=\"").number(page.after.value).raw("\" data-build=\"");
    html.number(page.only.value_or(BuildId{}).value).raw("\"");
  }
  html.raw(">\n").append(bar_of(page)).raw("<main id=\"main\" tabindex=\"-1\">\n");
  html.append(page.main).raw("</main>\n</body>\n</html>\n");
  http::Answer answer;
  answer.status = page.status;
  answer.body = html.markup();
  // Not of where its following begins: that changes with each event, the page does not.
  answer.etag = page.status == 200 ? http::etag_of(page.title + page.main.markup() +
                                                   assets().address_of("style.css") +
                                                   assets().address_of("page.js"))
                                   : "";
  return answer;
}

}  // namespace seaworthy::reporter
