#include "cli/change.h"

#include "cli/identify.h"
#include "cli/render/text.h"
#include "shared/git/mirror.h"
#include "shared/io/clock.h"

namespace seaworthy::cli {
namespace {

std::string numbered(std::string_view noun, uint64_t number) {
  return std::string(noun) + " " + std::to_string(number);
}

// What the options name: a build, and one job of it where a job is meant.
struct Target {
  wire::BuildDetail detail;
  const wire::JobRow* job = nullptr;  // in `detail`
};

Result<Target> find_target(io::Client& client, const TargetOptions& options,
                           bool with_specifications) {
  if (options.is_job || parse_job_path(options.target)) {
    auto found = find_job(client, options.target, with_specifications);
    if (!found) return Unexpected{found.error().message};
    Target target{std::move(found->detail), nullptr};
    target.job = &target.detail.jobs[found->index];
    return target;
  }
  auto detail = find_build(client, options.target, with_specifications);
  if (!detail) return Unexpected{detail.error().message};
  return Target{std::move(*detail), nullptr};
}

// The jobs to submit again, or why that makes no sense.
Result<Pipeline> same_again(const Target& target) {
  const std::string build = numbered("build", target.detail.build.build.value);
  Pipeline pipeline;
  for (const wire::JobRow& job : target.detail.jobs) {
    if (target.job != nullptr && &job != target.job) continue;
    if (!job.specification)
      return Unexpected{"cannot retry " + build + ": the broker did not say what its jobs run"};
    if (job.specification->steps.empty())
      return Unexpected{"cannot retry " + build +
                        ": its verdict was decided from the files of the revision, without running "
                        "anything, and would be the same again; `seaworthy log " +
                        std::to_string(job.job.value) + "` says why"};
    pipeline.jobs.push_back(*job.specification);
    if (target.job != nullptr) pipeline.jobs.back().needs.clear();
  }
  // The group stays; what a person asks for once more does not end what was pushed since.
  if (target.detail.concurrency)
    pipeline.concurrency = Concurrency{target.detail.concurrency->group};
  if (pipeline.jobs.empty()) return Unexpected{"cannot retry " + build + ": it has no jobs"};
  return pipeline;
}

}  // namespace

Ended cancel(io::Client& client, const TargetOptions& options, const std::string& reason,
             Screen& screen) {
  auto target = find_target(client, options, false);
  if (!target) return Unexpected{target.error()};
  wire::Cancel request;
  request.reason = reason;
  std::string what;
  if (target->job != nullptr) {
    request.job = target->job->job;
    what = numbered("job", request.job.value);
  } else {
    request.build = target->detail.build.build;
    what = numbered("build", request.build.value);
  }
  auto ok = client.ask_for<wire::CancelOk>(request);
  if (!ok) return unknown(ok.error());
  if (ok->cancelled == 0)
    screen.line(what + " had its verdict already: nothing to cancel");
  else
    screen.line(what + ": cancelled " + render::count_of(ok->cancelled, "job"));
  return ExitCode::Passed;
}

Ended retry(io::Client& client, const TargetOptions& options, Screen& screen) {
  auto target = find_target(client, options, true);
  if (!target) return Unexpected{target.error()};
  auto pipeline = same_again(*target);
  if (!pipeline) return Unexpected{pipeline.error()};
  const wire::BuildRow& old = target->detail.build;

  wire::Submit submit;
  submit.request = io::random_token<RequestId>();
  submit.repository = old.repository;
  submit.ref = old.ref;
  submit.tip = old.revision;
  submit.again = true;
  submit.pipelines.push_back(std::move(*pipeline));
  submit.revisions.push_back({old.revision, 0, 0, old.subject, old.author});
  auto ok = client.ask_for<wire::SubmitOk>(submit);
  if (!ok) return unknown(ok.error());
  if (ok->builds.empty()) return Unexpected{"the broker made no build of it"};
  std::string text = numbered("build", ok->builds.front().build.value) + " retries ";
  if (target->job != nullptr)
    text += "job " + render::printable(target->job->name) + " of " +
            numbered("build", old.build.value) + ", alone and without what it needs";
  else
    text += numbered("build", old.build.value);
  screen.line(text);
  return ExitCode::Passed;
}

Ended notify(io::Client& client, const std::string& repository, Screen& screen) {
  const std::string canonical = git::canonical_repository(repository);
  auto ok = client.ask_for<wire::NotifyOk>(wire::Notify{canonical});
  if (!ok) return unknown(ok.error());
  screen.line("told " + render::count_of(ok->watchers, "watcher") + " to look at " +
              render::printable(canonical));
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
