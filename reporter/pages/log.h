// The pages of one log: a window of its rows with all that is around it, and what the page's script
// asks for. The asking ones run on the thread of the asker of logs; what takes them longer than a
// turn they go on with when they are asked again (Found::is_not_done).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reporter/asker.h"
#include "reporter/log_scan.h"
#include "reporter/log_sections.h"
#include "reporter/logs.h"
#include "reporter/pages/frame.h"
#include "reporter/routes.h"

namespace seaworthy::reporter::pages {

// How much there is of a log, and how much of it is known.
struct LogMeasure {
  LogExtent extent;
  uint64_t known_bytes = 0;  // that were read; rows and lines are of these
  uint64_t rows = 0;
  uint64_t lines = 0;
};
LogMeasure measure_of(const Logs::Log& log);

struct LogWindow {
  LogPosition first;
  LogPosition next;
  uint64_t count = 0;
  Html rows;
};

struct LogHits {
  LogQuery query;
  std::string trouble;  // why nothing can be found so
  uint64_t count = 0;
  std::vector<LogScan::Hit> shown;
};

struct LogFacts {
  wire::BuildDetail detail;
  JobId job;
  LogMeasure measure;
  std::vector<LogSection> sections;
  std::vector<uint64_t> section_rows;  // in which each begins; empty: not known yet
  LogWindow window;
  uint64_t before = 0;  // the offset at which a page begins that ends where the window begins
  std::optional<LogHits> hits;  // shown instead of the window
  TimesShown times = TimesShown::None;
};
Page log_page(const LogFacts& facts, UnixMillis now, bool has_buttons = false);
// `scan`: for the lines that the route's query finds; may be null.
Asked ask_log(io::Client& client, Logs& logs, const LogRoute& route, LogScan* scan,
              const Asking& asking);

Asked ask_log_rows(io::Client& client, Logs& logs, const LogRowsRoute& route);
Asked ask_log_places(io::Client& client, Logs& logs, const LogPlacesRoute& route);
// The answer to a search that nobody can do: why.
http::Answer search_refused(const std::string& why);
Asked ask_log_search(io::Client& client, Logs& logs, const LogSearchRoute& route, LogScan& scan);

// Parts of both.
Result<LogWindow, io::ClientError> window_at(LogCursor cursor, uint64_t most_rows,
                                             uint64_t most_bytes);
Result<std::vector<uint64_t>, io::ClientError> rows_of(io::Client& client, const Logs::Log& log,
                                                       const std::vector<uint64_t>& offsets);
// The attributes of what shows rows from `first` on.
void put_measure(Html& html, const LogMeasure& measure, const LogPosition& first);

}  // namespace seaworthy::reporter::pages
