#include "reporter/news/news.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "reporter/news/core/mail.h"
#include "reporter/news/sign.h"
#include "shared/io/clock.h"
#include "shared/pipeline/nearest.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::news {
namespace {

constexpr std::string_view kNoRevision = "0000000000000000000000000000000000000000";

// A build that never was: number 0.
Story test_story(const Plan& plan, size_t target, const std::string& pages) {
  Story story;
  story.event.kind = wire::EventKind::BuildFinished;
  story.event.at = story.build.submitted = story.build.started = story.build.finished =
      io::wall_now();
  story.build.repository = "seaworthy-test";
  story.build.ref = "refs/heads/test";
  story.build.revision = kNoRevision;
  story.build.subject = "This is a test of Seaworthy's news; nothing was built";
  story.build.author = "seaworthy notify-test";
  story.build.state = State::Finished;
  story.build.verdict = Verdict::Passed;
  story.pages = pages;
  for (const Rule& rule : plan.rules) {
    if (rule.target != target) continue;
    if (story.telling.project.empty()) story.telling.project = rule.project;
    for (const std::string& address : rule.to) story.telling.recipients.push_back(address);
  }
  std::vector<std::string>& recipients = story.telling.recipients;
  std::sort(recipients.begin(), recipients.end());
  recipients.erase(std::unique(recipients.begin(), recipients.end()), recipients.end());
  if (recipients.empty()) recipients.push_back(plan.targets[target].from);
  return story;
}

Tried send(const Target& target, const Story& story) {
  constexpr int kNeverInterrupted = -1;
  const Transport transport(target, kNeverInterrupted);
  if (target.kind != Kind::Mail) return transport.post(request_for(target, story));
  return transport
      .mail(story.telling.recipients,
            compose_mail(target, story, thread_of(story.build.repository, story.build.ref)))
      .tried;
}

std::string contents(const Plan& plan) {
  return words::count_of(plan.targets.size(), "target") + ", " +
         words::count_of(plan.rules.size(), "rule");
}

int say(const std::string& text, int exit_code) {
  std::fprintf(exit_code == 0 ? stdout : stderr, "%s\n", text.c_str());
  return exit_code;
}

}  // namespace

News::News(zmq::context_t& context, const io::ClientOptions& options, Plan plan,
           const std::string& pages)
    : plan_(std::move(plan)) {
  prepare_transport();
  spdlog::info(
      "news are sent: {}{}", contents(plan_),
      pages.empty() ? "; without links, since --url does not say where the pages are" : "");
  for (size_t i = 0; i < plan_.targets.size(); ++i)
    couriers_.emplace_back(context, options, plan_, i, pages);
}

News::~News() {
  for (Courier& courier : couriers_) courier.interrupt();
}

int say_right(const Plan& plan) { return say("the news file is right: " + contents(plan), 0); }

int send_test(const Plan& plan, const std::string& name, const std::string& pages) {
  prepare_transport();
  std::vector<std::string> names;
  for (const Target& target : plan.targets) names.push_back(target.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    const auto meant = pipeline::nearest(name, names);
    std::string all;
    for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
    return say("cannot test '" + words::printable(name, 100) + "': there is no such target; " +
                   (meant ? "did you mean '" + *meant + "'?" : "the targets are " + all),
               2);
  }
  const auto index = static_cast<size_t>(found - names.begin());
  const Target& target = plan.targets[index];
  const Story story = test_story(plan, index, pages);
  if (is_forge(target.kind) && story.telling.project.empty())
    return say("cannot test '" + name +
                   "': a commit's status belongs to a project, and no rule for this target has "
                   "project: owner/name",
               2);
  const Tried tried = send(target, story);
  if (tried.fate == Fate::Delivered) return say(name + ": arrived: " + tried.said, 0);
  // There is no such commit. Who says so has let us in.
  if (is_forge(target.kind) && tried.said.find("ommit") != std::string::npos)
    return say(
        name + ": let in; it does not know the test's commit, as it should not: " + tried.said, 0);
  return say(name + ": not delivered: " + tried.said, 2);
}

}  // namespace seaworthy::reporter::news
