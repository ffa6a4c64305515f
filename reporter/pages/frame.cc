#include "reporter/pages/frame.h"

#include "reporter/assets.h"

namespace seaworthy::reporter {
namespace {

void put_link(Html& html, Literal address, Literal words, bool is_here) {
  html.raw("<a href=\"").raw(address).raw("\"");
  if (is_here) html.raw(" aria-current=\"page\"");
  html.raw(">").raw(words).raw("</a>");
}

void put_style(Html& html, std::string_view name) {
  html.raw("<link rel=\"stylesheet\" href=\"").text(assets().address_of(name)).raw("\">\n");
}

void put_module(Html& html, std::string_view name) {
  html.raw("<script type=\"module\" src=\"").text(assets().address_of(name));
  html.raw("\"></script>\n");
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
  html.text(assets().address_of("icon.svg")).raw("\">\n<script src=\"");
  html.text(assets().address_of("theme.js")).raw("\"></script>\n");
  put_style(html, "style.css");
  if (page.is_log) put_style(html, "log.css");
  put_module(html, "page.js");
  if (page.is_log) put_module(html, "log.js");
  html.raw("</head>\n");
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
      "aria-live=\"polite\"></p>\n<button type=\"button\" id=\"theme\" class=\"quiet\" "
      "hidden></button><button type=\"button\" id=\"show-help\" class=\"quiet\" "
      "aria-label=\"Keys\" title=\"Keys\" hidden>?</button>\n</header>\n");
  return html;
}

void put_key(Html& html, Literal key, Literal words) {
  html.raw("<div><dt><kbd>").raw(key).raw("</kbd></dt><dd>").raw(words).raw("</dd></div>\n");
}

// What keys do, opened by one.
Html help_of(const Page& page) {
  Html html;
  html.raw(
      "<dialog id=\"help\" aria-labelledby=\"help-title\">\n<form method=\"dialog\"><h2 "
      "id=\"help-title\">Keys</h2><button class=\"quiet\" aria-label=\"Close\">✕</button></form>"
      "\n<dl>\n");
  put_key(html, "?", "this list");
  put_key(html, "t", "colours: system, light, dark");
  put_key(html, "b", "all builds");
  put_key(html, "q", "the queue");
  if (page.is_log) {
    put_key(html, "/", "search; Enter: the next find; Esc: no search");
    put_key(html, "n", "next find");
    put_key(html, "N", "previous find");
    put_key(html, "e", "first error");
    put_key(html, "f", "follow the end");
    put_key(html, "g", "start");
    put_key(html, "G", "end");
    put_key(html, "w", "wrap long lines, or not");
    put_key(html, "T", "times of lines: none, since the start, of the day");
    put_key(html, "Shift", "with a click on a second line number: a range of lines");
  }
  html.raw("</dl>\n</dialog>\n");
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
  if (page.is_wall) html.raw(" class=\"wall\"");
  html.raw(">\n").append(bar_of(page)).raw("<main id=\"main\" tabindex=\"-1\">\n");
  html.append(page.main).raw("</main>\n").append(help_of(page)).raw("</body>\n</html>\n");
  http::Answer answer;
  answer.status = page.status;
  answer.body = html.markup();
  // Not of where its following begins: that changes with each event, the page does not.
  answer.etag = page.status == 200
                    ? http::etag_of(page.title + page.main.markup() + assets().all_addresses())
                    : "";
  return answer;
}

}  // namespace seaworthy::reporter
