// Builders for tests of news: a finished build, its event, and what is told of them.
#pragma once

#include "reporter/news/core/story.h"
#include "tests/support/catch.h"

namespace seaworthy::reporter::news {

constexpr UnixMillis kFinished{1'763'742'000'123};  // Fri, 21 Nov 2025 16:20:00 UTC

inline wire::BuildRow a_build(uint64_t number, std::optional<Verdict> verdict) {
  wire::BuildRow row;
  row.build = BuildId{number};
  row.rank = number;
  row.repository = "/srv/git/harbour.git";
  row.ref = "refs/heads/main";
  row.revision = std::string(40, 'a');
  row.subject = "Moor the ships";
  row.author = "Ada <ada@example.org>";
  row.state = verdict ? State::Finished : State::Running;
  row.verdict = verdict;
  row.submitted = row.started = UnixMillis{kFinished.value - 5'000};
  if (verdict) row.finished = kFinished;
  return row;
}

inline wire::EventRow an_event(const wire::BuildRow& build,
                               wire::EventKind kind = wire::EventKind::BuildFinished) {
  wire::EventRow event;
  event.sequence = {17};
  event.at = kFinished;
  event.kind = kind;
  event.build = build.build;
  event.repository = build.repository;
  event.ref = build.ref;
  return event;
}

inline wire::JobRow a_job(const std::string& name, Verdict verdict) {
  wire::JobRow job;
  job.job = JobId{7};
  job.name = name;
  job.state = State::Finished;
  job.verdict = verdict;
  wire::AttemptRow attempt;
  attempt.attempt = {1};
  attempt.outcome = verdict == Verdict::Passed ? Outcome::Passed : Outcome::Failed;
  attempt.detail = verdict == Verdict::Passed ? "" : "step 'make' exited with 2";
  job.attempts.push_back(attempt);
  return job;
}

inline Story a_story(Verdict verdict) {
  Story story;
  story.build = a_build(12, verdict);
  story.event = an_event(story.build);
  story.pages = "https://ci.example.org";
  story.telling.recipients = {"team@example.org"};
  story.jobs.push_back({a_job("test", verdict), {}});
  return story;
}

}  // namespace seaworthy::reporter::news
