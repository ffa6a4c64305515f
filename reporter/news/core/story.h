// Story is what there is to tell of one event, gathered for one target: plain data, and the words
// that all targets share. Foreign text in the words is one printable line; who shows it escapes it.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reporter/news/core/rules.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::news {

inline constexpr size_t kShownJobs = 10;      // whose output is looked at
inline constexpr size_t kShownCommands = 40;  // lines, of one job

struct JobStory {
  wire::JobRow row;
  std::vector<std::string> lines;  // the last ones of its output, if it is shown
};

struct Story {
  wire::EventRow event;
  wire::BuildRow build;
  std::optional<Verdict> before;  // of the branch
  bool is_change = false;
  std::vector<JobStory> jobs;  // those that failed first, else in the order of the build
  std::string pages;  // where the reporter's pages are, without a / at the end; may be empty
  Telling telling;
};

// Those that failed before those that did not.
void put_failed_first(std::vector<JobStory>& jobs);

// The same for each try, another for each event, also of another store: "17-1763742000123".
std::string id_of(const wire::EventRow& event);

// Empty without pages.
std::string build_link(const Story& story);
std::string job_link(const Story& story, JobId job);

// "failed", "passed", or "passed again" where the branch was bad before.
std::string verdict_words(const Story& story);
// "failed: project main: Make it so"
std::string headline(const Story& story);
// "1 of 4 jobs failed: test", "4 jobs passed"
std::string jobs_in_words(const Story& story);

// What a person types to have the same: lines for a shell.
std::vector<std::string> clone_commands(const wire::BuildRow& build);
std::vector<std::string> job_commands(const wire::JobRow& job);

}  // namespace seaworthy::reporter::news
