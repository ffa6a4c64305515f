#include "cli/queries.h"

#include <algorithm>

#include "cli/identify.h"
#include "cli/render/json.h"
#include "cli/render/pages.h"
#include "cli/tests.h"
#include "shared/git/mirror.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"

namespace seaworthy::cli {
namespace {

constexpr size_t kLastVerdicts = 10;
constexpr uint32_t kLookedAtForVerdicts = 200;  // among the newest builds

// The broker answers in pages; the command line joins them.
Result<wire::BuildList, io::ClientError> all_pages(io::Client& client, wire::ListBuilds question) {
  wire::BuildList all;
  const size_t wanted = question.limit;
  while (all.builds.size() < wanted) {
    question.limit = static_cast<uint32_t>(std::min(wanted - all.builds.size(), limits::kListRows));
    auto page = client.ask_for<wire::BuildList>(question);
    if (!page) return Unexpected{page.error()};
    if (page->builds.empty()) break;
    question.before = page->builds.back().rank;
    all.builds.insert(all.builds.end(), page->builds.begin(), page->builds.end());
  }
  return all;
}

wire::BuildList last_verdicts(wire::BuildList newest) {
  std::erase_if(newest.builds, [](const wire::BuildRow& build) { return !build.verdict; });
  std::stable_sort(newest.builds.begin(), newest.builds.end(),
                   [](const auto& a, const auto& b) { return a.finished > b.finished; });
  if (newest.builds.size() > kLastVerdicts) newest.builds.resize(kLastVerdicts);
  return newest;
}

}  // namespace

Ended list_builds(io::Client& client, const BuildsOptions& options, Screen& screen) {
  wire::ListBuilds question;
  if (!options.repository.empty())
    question.repository = git::canonical_repository(options.repository);
  question.ref = options.ref;
  question.revision = options.revision;
  question.limit = options.limit;
  auto list = all_pages(client, question);
  if (!list) return unknown(list.error());
  if (options.json)
    screen.out(render::builds_json(*list));
  else if (list->builds.empty())
    screen.remark("no builds yet: `seaworthy submit REPO`, or a watched repository, makes one");
  else
    screen.out(render::builds_page(*list, io::wall_now(), screen.style()));
  return ExitCode::Passed;
}

Ended show_status(io::Client& client, bool json, Screen& screen) {
  auto queue = client.ask_for<wire::QueueStatusOk>(wire::QueueStatus{});
  if (!queue) return unknown(queue.error());
  wire::ListBuilds question;
  question.limit = kLookedAtForVerdicts;
  auto newest = all_pages(client, question);
  if (!newest) return unknown(newest.error());
  const wire::BuildList last = last_verdicts(std::move(*newest));
  screen.out(json ? render::status_json(*queue, last)
                  : render::status_page(*queue, last, io::wall_now(), screen.style()));
  return ExitCode::Passed;
}

Ended list_workers(io::Client& client, bool json, Screen& screen) {
  auto list = client.ask_for<wire::WorkerList>(wire::ListWorkers{});
  if (!list) return unknown(list.error());
  if (json)
    screen.out(render::workers_json(*list));
  else if (list->workers.empty())
    screen.remark("no workers: start one with `seaworthy worker --broker ENDPOINT`");
  else
    screen.out(render::workers_page(*list, io::wall_now(), screen.style()));
  return ExitCode::Passed;
}

Ended show_build(io::Client& client, const ShowOptions& options, Screen& screen) {
  auto detail = find_build(client, options.build);
  if (!detail) return Unexpected{detail.error().message};
  if (options.json) {
    screen.out(render::build_json(*detail));
    return ExitCode::Passed;
  }
  const bool any_failed =
      std::any_of(detail->jobs.begin(), detail->jobs.end(),
                  [](const wire::JobRow& job) { return job.verdict == Verdict::Failed; });
  const wire::TestList tests =
      any_failed ? failed_tests(client, detail->build.build) : wire::TestList{};
  screen.out(render::build_page(*detail, tests, io::wall_now(), screen.style()));
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
