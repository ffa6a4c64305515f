// The pages: each a pure function of what the broker said, and one that asks it. The asking ones
// run on the asker's thread. `has_buttons`: links to what changes something, for a reader who may
// follow them; which is asked again there.
#pragma once

#include "reporter/asker.h"
#include "reporter/forecast.h"
#include "reporter/pages/frame.h"
#include "reporter/routes.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::pages {

struct HomeFacts {
  wire::QueueStatusOk queue;
  wire::WorkerList workers;
  wire::HeadList heads;    // that are watched
  wire::BuildList newest;  // builds
  Usual usual;             // of what runs
};
Result<HomeFacts, io::ClientError> fetch_home(io::Client& client);
// Branches that are there still and fail; and one of them, in words.
std::vector<Regression> failing_branches(const HomeFacts& facts);
void put_regression(Html& html, const Regression& regression, UnixMillis now);
Page home_page(const HomeFacts& facts, UnixMillis now, bool has_buttons = false);
Asked ask_home(io::Client& client, const Asking& asking);
// The same from afar: a tile for each repository, and what fails.
Page wall_page(const HomeFacts& facts, UnixMillis now);
Asked ask_wall(io::Client& client, const Asking& asking);

struct RepositoryFacts {
  std::string repository;
  std::string ref;         // empty: all
  uint64_t before = 0;     // rank of the first one that is not older
  wire::HeadList heads;    // of this repository, that are watched
  wire::BuildList builds;  // with their jobs, newest first
};
Page repository_page(const RepositoryFacts& facts, UnixMillis now);
Asked ask_repository(io::Client& client, const RepositoryRoute& route, const Asking& asking);

// Of what runs, asked of the builds before.
Result<Usual, io::ClientError> fetch_usual(io::Client& client,
                                           const std::vector<wire::RunningJob>& running);
Page queue_page(const wire::QueueStatusOk& queue, const Usual& usual, UnixMillis now,
                bool has_buttons = false);
Asked ask_queue(io::Client& client, const Asking& asking);
// Parts that the home page shows as well; nothing where there is nothing.
void put_running(Html& html, const wire::QueueStatusOk& queue, const Usual& usual, UnixMillis now);
void put_waiting(Html& html, const wire::QueueStatusOk& queue);
void put_unmatched(Html& html, const wire::QueueStatusOk& queue);

Page workers_page(const wire::WorkerList& list, UnixMillis now, bool has_buttons = false);
Asked ask_workers(io::Client& client, const Asking& asking);
// "2 busy, 1 idle".
std::string workers_in_words(const wire::WorkerList& list);

// `tests`: its failed ones, and the numbers of each job's. `usual`: of its jobs that run.
Page build_page(const wire::BuildDetail& detail, UnixMillis now, const wire::TestList& tests = {},
                bool has_buttons = false, const Usual& usual = {});
Asked ask_build(io::Client& client, BuildId build, const Asking& asking);

Page not_found_page(std::string_view what);
// The broker does not answer: why, and what to do.
Page away_page(std::string_view why);

}  // namespace seaworthy::reporter::pages
