// What the script of a log's page asks for.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "reporter/pages/log.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr uint64_t kMostRows = 1'000;
constexpr uint64_t kMostBytes = 512 * 1024;

Found not_done() {
  Found found;
  found.is_not_done = true;
  return found;
}

Found fresh(std::string body, const char* type) {
  Found found;
  found.answer.body = std::move(body);
  found.answer.content_type = type;
  found.answer.cache_control = "no-store";
  return found;
}

Found fresh_json(const nlohmann::json& json) {
  return fresh(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
               "application/json");
}

Literal state_of(const LogMeasure& measure) {
  if (measure.known_bytes < measure.extent.bytes) return "reading";
  return measure.extent.is_final ? Literal("complete") : Literal("growing");
}

}  // namespace

LogMeasure measure_of(const Logs::Log& log) {
  return {log.extent, log.index.bytes(), log.index.rows(), log.index.lines()};
}

void put_measure(Html& html, const LogMeasure& measure, const LogPosition& first) {
  html.raw(" data-attempt=\"").number(measure.extent.attempt.attempt.value);
  html.raw("\" data-bytes=\"").number(measure.extent.bytes);
  html.raw("\" data-known=\"").number(measure.known_bytes);
  html.raw("\" data-rows=\"").number(measure.rows);
  html.raw("\" data-lines=\"").number(measure.lines);
  html.raw("\" data-state=\"").raw(state_of(measure)).raw("\"");
  if (first.line > 0) html.raw(" data-first=\"").number(first.row).raw("\"");
}

Result<LogWindow, io::ClientError> window_at(LogCursor cursor, uint64_t most_rows,
                                             uint64_t most_bytes) {
  LogWindow window;
  window.first = cursor.at();
  while (window.count < most_rows && cursor.at().offset - window.first.offset < most_bytes) {
    const LogPosition at = cursor.at();
    const std::optional<LogRow> row = cursor.peek();
    if (!row) break;
    put_row(window.rows, at, row->text, cursor.is_unfinished(), cursor.time());
    ++window.count;
    if (cursor.is_unfinished()) break;
    (void)cursor.next();
  }
  window.next = cursor.at();
  if (cursor.error()) return Unexpected{*cursor.error()};
  return window;
}

Result<std::vector<uint64_t>, io::ClientError> rows_of(io::Client& client, const Logs::Log& log,
                                                       const std::vector<uint64_t>& offsets) {
  std::vector<uint64_t> rows;
  for (const uint64_t offset : offsets) {
    const LogCursor cursor = cursor_at_offset(client, log, offset);
    if (cursor.error()) return Unexpected{*cursor.error()};
    rows.push_back(cursor.at().row);
  }
  return rows;
}

Asked ask_log_rows(io::Client& client, Logs& logs, const LogRowsRoute& route) {
  const auto log = logs.read_on(client, route.job, route.attempt);
  if (!log) return Unexpected{log.error()};
  const uint64_t most = std::min(route.count, kMostRows);
  LogWindow window;
  window.first.row = route.row;
  if (most > 0 && route.row < (*log)->index.rows()) {
    auto read = window_at(cursor_at_row(client, **log, route.row), most, kMostBytes);
    if (!read) return Unexpected{read.error()};
    window = std::move(*read);
  }
  Html html;
  html.raw("<ol id=\"rows\"");
  put_measure(html, measure_of(**log), window.first);
  html.raw(">\n").append(window.rows).raw("</ol>\n");
  return fresh(html.markup(), "text/html; charset=utf-8");
}

Asked ask_log_places(io::Client& client, Logs& logs, const LogPlacesRoute& route) {
  const auto log = logs.read_on(client, route.job, route.attempt);
  if (!log) return Unexpected{log.error()};
  const uint64_t last =
      route.offsets.empty() ? 0 : *std::max_element(route.offsets.begin(), route.offsets.end());
  if (!(*log)->reaches_offset(last) || !(*log)->reaches_line(route.line.value_or(0)))
    return not_done();
  auto rows = rows_of(client, **log, route.offsets);
  if (!rows) return Unexpected{rows.error()};
  nlohmann::json answer{{"rows", std::move(*rows)}};
  if (route.line) {
    const LogCursor cursor = cursor_at_line(client, **log, *route.line);
    if (cursor.error()) return Unexpected{*cursor.error()};
    answer["row"] = cursor.at().row;
  }
  return fresh_json(answer);
}

http::Answer search_refused(const std::string& why) { return fresh_json({{"error", why}}).answer; }

Asked ask_log_search(io::Client& client, Logs& logs, const LogSearchRoute& route, LogScan& scan) {
  const auto log = logs.read_on(client, route.job, route.attempt);
  if (!log) return Unexpected{log.error()};
  const auto done = scan.go_on(client, **log);
  if (!done) return Unexpected{done.error()};
  if (!*done) return not_done();
  return fresh_json({{"count", scan.count()}, {"rows", scan.rows()}});
}

}  // namespace seaworthy::reporter::pages
