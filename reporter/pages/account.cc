#include "reporter/pages/account.h"

#include "reporter/pages/parts.h"

namespace seaworthy::reporter::pages {
namespace {

void put_form_token(Html& html, const Visitor& visitor) {
  html.raw("<input type=\"hidden\" name=\"form_token\" value=\"")
      .text(visitor.form_token)
      .raw("\">");
}

void put_session(Html& html, const Visitor& visitor, const Session& session, UnixMillis now) {
  html.raw("<tr><th scope=\"row\">").text(session.name).raw("</th><td>");
  html.text(to_string(session.access)).raw("</td><td>").text(session.peer).raw("</td><td>");
  parts::put_time(html, session.since, now);
  html.raw("</td><td><form method=\"post\" action=\"/sign-out\">");
  put_form_token(html, visitor);
  html.raw("<input type=\"hidden\" name=\"session\" value=\"").number(session.number);
  html.raw("\"><button>Sign out</button></form></td></tr>\n");
}

}  // namespace

Page sign_in_page(std::string_view to, std::string_view trouble) {
  Page page;
  page.title = "Sign in";
  page.has_sign_in = true;
  Html& html = page.main;
  html.raw("<h1>Sign in</h1>\n");
  if (!trouble.empty()) html.raw("<p class=\"note\" role=\"alert\">").text(trouble).raw("</p>\n");
  html.raw("<form class=\"action\" method=\"post\" action=\"/sign-in\">\n<p><label>Token ");
  html.raw("<input type=\"password\" name=\"token\" autocomplete=\"current-password\" required ");
  html.raw("maxlength=\"200\"></label></p>\n<input type=\"hidden\" name=\"to\" value=\"").text(to);
  html.raw(
      "\">\n<p><button>Sign in</button></p>\n</form>\n<p class=\"dim\">Whoever runs this "
      "makes one with <code>seaworthy token create</code>.</p>\n");
  return page;
}

Page account_page(const Visitor& visitor, const std::vector<Session>& sessions, UnixMillis now) {
  Page page;
  page.title = "Signed in";
  page.has_sign_in = true;
  Html& html = page.main;
  html.raw("<h1>Signed in as ").text(visitor.name).raw("</h1>\n<p>Role: ");
  html.text(visitor.access ? to_string(*visitor.access) : "").raw(".</p>\n");
  if (visitor.way == Way::Cookie) {
    html.raw("<form class=\"action\" method=\"post\" action=\"/sign-out\">");
    put_form_token(html, visitor);
    html.raw("<p><button>Sign out</button></p></form>\n");
  }
  if (sessions.empty()) return page;
  html.raw(
      "<section>\n<h2>Who is signed in</h2>\n<div class=\"wide\"><table>\n<thead><tr><th "
      "scope=\"col\">Name</th><th scope=\"col\">Role</th><th scope=\"col\">From</th><th "
      "scope=\"col\">Since</th><th></th></tr></thead>\n<tbody>\n");
  for (const Session& session : sessions) put_session(html, visitor, session, now);
  html.raw("</tbody></table></div>\n</section>\n");
  return page;
}

Page refused_page(std::string_view why) {
  Page page;
  page.title = "Not allowed";
  page.status = 403;
  page.has_sign_in = true;
  page.main.raw("<h1>Not allowed</h1>\n<p>").text(why);
  page.main.raw(
      "</p>\n<p><a href=\"/sign-in\">Sign in as somebody else</a>, or <a href=\"/\">look "
      "at the builds</a>.</p>\n");
  return page;
}

Page no_sign_in_page() {
  Page page;
  page.title = "No sign-in";
  page.status = 404;
  page.main.raw(
      "<h1>There is no sign-in here</h1>\n<p>Everybody who reaches this page may look, and nobody "
      "may do more. Buttons need a token: <code>seaworthy token create --role operator</code>, and "
      "the reporter started with <code>--tokens</code>.</p>\n");
  return page;
}

}  // namespace seaworthy::reporter::pages
