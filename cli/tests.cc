#include "cli/tests.h"

#include "cli/identify.h"
#include "cli/render/json.h"
#include "cli/render/tests.h"

namespace seaworthy::cli {
namespace {

constexpr uint32_t kFailedShown = 200;

}  // namespace

Ended list_tests(io::Client& client, const TestsOptions& options, Screen& screen) {
  auto detail = find_build(client, options.build);
  if (!detail) return Unexpected{detail.error().message};
  wire::ListTests question;
  question.build = detail->build.build;
  question.failed_only = options.failed_only;
  wire::TestList all;
  for (bool is_first = true;; is_first = false) {
    auto page = client.ask_for<wire::TestList>(question);
    if (!page) return unknown(page.error());
    if (is_first && page->jobs.empty() && !options.json) {
      screen.remark("build " + std::to_string(question.build.value) +
                    " has no reports of tests: its jobs left none where they are looked for "
                    "(docs/test-reports.md)");
      return ExitCode::Passed;
    }
    question.after = page->next;
    if (options.json) {
      if (is_first) all = *page;
      if (!is_first) all.tests.insert(all.tests.end(), page->tests.begin(), page->tests.end());
    } else {
      if (is_first) screen.out(render::tests_summary(*page, screen.style()));
      screen.out(render::tests_page(*page, options.failed_only, screen.style()));
    }
    if (page->next == 0 || screen.closed()) break;
  }
  if (options.json) screen.out(render::tests_json(all));
  return ExitCode::Passed;
}

wire::TestList failed_tests(io::Client& client, BuildId build, JobId job) {
  wire::ListTests question;
  question.build = build;
  question.job = job;
  question.failed_only = true;
  question.limit = kFailedShown;
  auto list = client.ask_for<wire::TestList>(question);
  return list ? *std::move(list) : wire::TestList{};
}

}  // namespace seaworthy::cli
