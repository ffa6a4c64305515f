#include "cli/change.h"

#include "cli/identify.h"
#include "cli/render/text.h"
#include "shared/git/mirror.h"
#include "shared/io/clock.h"
#include "shared/wire/again.h"

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
  const wire::BuildRow& old = target->detail.build;
  const JobId only = target->job != nullptr ? target->job->job : JobId{};
  auto submit = wire::submit_again(target->detail, only, io::random_token<RequestId>());
  if (!submit) return Unexpected{submit.error()};
  auto ok = client.ask_for<wire::SubmitOk>(*submit);
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

Ended drain(io::Client& client, const std::string& worker, bool undo, Screen& screen) {
  auto ok = client.ask_for<wire::Ok>(wire::DrainWorker{worker, !undo});
  if (!ok) return unknown(ok.error());
  screen.line(render::printable(worker) +
              (undo ? " is given jobs again" : " is given no more jobs; what it runs goes on"));
  return ExitCode::Passed;
}

Ended pause(io::Client& client, const std::string& repository, bool undo, Screen& screen) {
  const std::string canonical = git::canonical_repository(repository);
  auto ok = client.ask_for<wire::Ok>(wire::PauseRepository{canonical, !undo});
  if (!ok) return unknown(ok.error());
  screen.line(render::printable(canonical) +
              (undo ? " is not paused: its jobs run as their turn comes"
                    : " is paused: its jobs wait, what runs goes on"));
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
