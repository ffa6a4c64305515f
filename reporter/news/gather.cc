#include "reporter/news/gather.h"

#include <algorithm>

#include "reporter/news/core/excerpt.h"
#include "shared/model/limits.h"

namespace seaworthy::reporter::news {
namespace {

using Failure = Unexpected<io::ClientError>;

constexpr size_t kPagesLookedBack = 20;  // of the list of builds, some hundred each

Result<LookBack, io::ClientError> look_back(io::Client& client, const wire::BuildRow& build) {
  LookBack back(build);
  wire::ListBuilds question;
  question.repository = build.repository;
  question.ref = build.ref;
  question.limit = limits::kListRows;
  for (size_t i = 0; i < kPagesLookedBack && back.wants_more(); ++i) {
    auto list = client.ask_for<wire::BuildList>(question);
    if (!list) return Failure{list.error()};
    back.feed(*list);
    if (!list->builds.empty()) question.before = list->builds.back().rank;
  }
  return back;
}

Result<std::vector<std::string>, io::ClientError> end_of_output(io::Client& client,
                                                                const wire::JobRow& job) {
  wire::FetchOutput question{job.job, {}, 0, 0};
  const uint64_t bytes = job.attempts.empty() ? 0 : job.attempts.back().output_bytes;
  const uint64_t start = bytes > kExcerptBytes ? bytes - kExcerptBytes : 0;
  question.offset = start;
  std::string text;
  while (text.size() < kExcerptBytes) {
    auto answer = client.ask(question);
    if (!answer) return Failure{answer.error()};
    if (answer->blob.empty()) break;
    text += answer->blob;
    question.offset += answer->blob.size();
  }
  return last_lines(text, start == 0);
}

bool is_to_be_shown(const JobStory& job) { return job.row.verdict && is_bad(*job.row.verdict); }

Result<Done, io::ClientError> add_output(io::Client& client, Story& story) {
  for (size_t i = 0; i < std::min(story.jobs.size(), kShownJobs); ++i) {
    JobStory& job = story.jobs[i];
    if (!is_to_be_shown(job)) break;
    auto lines = end_of_output(client, job.row);
    if (!lines) return Failure{lines.error()};
    job.lines = *std::move(lines);
  }
  return Done{};
}

}  // namespace

Result<std::optional<Story>, io::ClientError> gather(io::Client& client, const Plan& plan,
                                                     size_t target, const wire::EventRow& event,
                                                     const std::string& pages) {
  const bool is_mail = plan.targets[target].kind == Kind::Mail;
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{event.build, {}, is_mail});
  if (!detail) return Failure{detail.error()};
  // A build that was submitted may have its verdict by now, which is told in its turn.
  const bool is_finished = event.kind == wire::EventKind::BuildFinished;
  if (!is_finished) detail->build.verdict.reset();
  LookBack back(detail->build);
  if (is_finished && !is_forge(plan.targets[target].kind)) {
    auto looked = look_back(client, detail->build);
    if (!looked) return Failure{looked.error()};
    back = *std::move(looked);
  }
  auto wanted = telling(plan, target, event, detail->build, back);
  if (!wanted) return std::optional<Story>();
  Story story;
  story.event = event;
  story.build = std::move(detail->build);
  story.before = back.verdict_before();
  story.is_change = back.is_change();
  for (wire::JobRow& job : detail->jobs) story.jobs.push_back({std::move(job), {}});
  put_failed_first(story.jobs);
  story.pages = pages;
  story.telling = *std::move(wanted);
  if (is_mail)
    if (auto added = add_output(client, story); !added) return Failure{added.error()};
  return std::optional<Story>(std::move(story));
}

}  // namespace seaworthy::reporter::news
