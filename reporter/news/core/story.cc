#include "reporter/news/core/story.h"

#include <algorithm>

#include "reporter/news/core/encode.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::news {
namespace {

constexpr size_t kNamedJobs = 5;
constexpr size_t kCommandBytes = 400;  // of one line

bool failed(const JobStory& job) { return job.row.verdict && is_bad(*job.row.verdict); }

// As one word of a shell.
std::string quoted(std::string_view text) {
  const std::string clean = one_line(text, kCommandBytes);
  const bool plain = !clean.empty() && std::all_of(clean.begin(), clean.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./:@%+=,-").find(c) != std::string_view::npos;
  });
  if (plain) return clean;
  std::string word = "'";
  for (char c : clean) c == '\'' ? word.append("'\\''") : word.append(1, c);
  return word + "'";
}

// A URL without who signs in there, and by what: others get the mail.
std::string without_user(std::string_view repository) {
  const size_t scheme = repository.find("://");
  if (!repository.starts_with("http") || scheme == std::string_view::npos)
    return std::string(repository);
  const size_t host = scheme + 3;
  const std::string_view authority = repository.substr(host, repository.find('/', host) - host);
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(repository);
  return std::string(repository.substr(0, host)) + std::string(repository.substr(host + at + 1));
}

void add_env(std::vector<std::string>& lines, const std::map<std::string, std::string>& env) {
  for (const auto& [name, value] : env)
    lines.push_back("export " + one_line(name, kCommandBytes) + "=" + quoted(value));
}

void add_lines(std::vector<std::string>& lines, std::string_view script) {
  while (!script.empty() && lines.size() <= kShownCommands) {
    const size_t end = std::min(script.find('\n'), script.size());
    if (end > 0) lines.push_back(one_line(script.substr(0, end), kCommandBytes));
    script.remove_prefix(std::min(end + 1, script.size()));
  }
}

}  // namespace

void put_failed_first(std::vector<JobStory>& jobs) {
  std::stable_partition(jobs.begin(), jobs.end(), failed);
}

std::string id_of(const wire::EventRow& event) {
  return std::to_string(event.sequence.value) + "-" + std::to_string(event.at.value);
}

std::string build_link(const Story& story) {
  return story.pages.empty() ? ""
                             : story.pages + "/builds/" + std::to_string(story.build.build.value);
}

std::string job_link(const Story& story, JobId job) {
  return story.pages.empty() ? "" : story.pages + "/jobs/" + std::to_string(job.value) + "/log";
}

std::string verdict_words(const Story& story) {
  if (!story.build.verdict) return "queued";
  const std::string word(to_string(*story.build.verdict));
  return story.is_change && !is_bad(*story.build.verdict) ? word + " again" : word;
}

std::string headline(const Story& story) {
  return verdict_words(story) + ": " + words::short_repository(story.build.repository) + " " +
         words::short_ref(story.build.ref) + ": " + one_line(story.build.subject, 256);
}

std::string jobs_in_words(const Story& story) {
  const auto count =
      static_cast<size_t>(std::count_if(story.jobs.begin(), story.jobs.end(), failed));
  if (count == 0) return words::count_of(story.jobs.size(), "job");
  std::string text =
      std::to_string(count) + " of " + words::count_of(story.jobs.size(), "job") + " failed: ";
  for (size_t i = 0; i < count && i < kNamedJobs; ++i)
    text += (i > 0 ? ", " : "") + one_line(story.jobs[i].row.name, 128);
  return count > kNamedJobs ? text + ", …" : text;
}

std::vector<std::string> clone_commands(const wire::BuildRow& build) {
  const std::string folder = quoted(words::short_repository(build.repository));
  return {"git clone " + quoted(without_user(build.repository)) + " " + folder + " && cd " + folder,
          "git checkout " + quoted(build.revision)};
}

std::vector<std::string> job_commands(const wire::JobRow& job) {
  std::vector<std::string> lines;
  if (!job.specification) return lines;
  add_env(lines, job.specification->env);
  for (const Step& step : job.specification->steps) {
    if (lines.size() > kShownCommands) break;
    add_env(lines, step.env);
    add_lines(lines, step.run);
  }
  if (lines.size() > kShownCommands) {
    lines.resize(kShownCommands);
    lines.push_back("# … and more, see its pipeline");
  }
  return lines;
}

}  // namespace seaworthy::reporter::news
