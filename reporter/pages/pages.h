// The pages: each a pure function of what the broker said, and one that asks it. The asking ones
// run on the asker's thread. `has_buttons`: links to what changes something; whether the reader may
// follow them is asked there.
#pragma once

#include "reporter/asker.h"
#include "reporter/pages/frame.h"
#include "reporter/routes.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::pages {

struct HomeFacts {
  wire::QueueStatusOk queue;
  wire::WorkerList workers;
  wire::HeadList heads;    // that are watched
  wire::BuildList newest;  // builds
};
Page home_page(const HomeFacts& facts, UnixMillis now, bool has_buttons = false);
Asked ask_home(io::Client& client, const Asking& asking);

Page queue_page(const wire::QueueStatusOk& queue, UnixMillis now, bool has_buttons = false);
Asked ask_queue(io::Client& client, const Asking& asking);
// Parts that the home page shows as well; nothing where there is nothing.
void put_running(Html& html, const wire::QueueStatusOk& queue, UnixMillis now);
void put_waiting(Html& html, const wire::QueueStatusOk& queue);
void put_unmatched(Html& html, const wire::QueueStatusOk& queue);

Page workers_page(const wire::WorkerList& list, UnixMillis now, bool has_buttons = false);
Asked ask_workers(io::Client& client, const Asking& asking);
// "2 busy, 1 idle".
std::string workers_in_words(const wire::WorkerList& list);

// `tests`: its failed ones, and the numbers of each job's.
Page build_page(const wire::BuildDetail& detail, UnixMillis now, const wire::TestList& tests = {},
                bool has_buttons = false);
Asked ask_build(io::Client& client, BuildId build, const Asking& asking);

// What is shown of a log: its start, and where it is long its end.
struct LogFacts {
  wire::BuildDetail detail;
  JobId job;
  AttemptNumber attempt;
  std::string start;
  std::string end;
  uint64_t end_offset = 0;  // of `end`, which begins with a line; 0: all is in `start`
  bool complete = false;
};
Page log_page(const LogFacts& facts, UnixMillis now);
Asked ask_log(io::Client& client, const LogRoute& route, const Asking& asking);
// More lines, for a page that is open.
Asked ask_log_tail(io::Client& client, const LogTailRoute& route);

Page not_found_page(std::string_view what);
// The broker does not answer: why, and what to do.
Page away_page(std::string_view why);

}  // namespace seaworthy::reporter::pages
