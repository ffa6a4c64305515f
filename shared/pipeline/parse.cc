#include "shared/pipeline/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "shared/base/utf8.h"
#include "shared/model/limits.h"
#include "shared/model/message_bytes.h"
#include "shared/pipeline/needs.h"
#include "shared/pipeline/nodes.h"
#include "shared/pipeline/reports.h"
#include "shared/pipeline/scheduling.h"

namespace seaworthy::pipeline {
namespace {

using Kind = YamlNode::Kind;
using Env = std::map<std::string, std::string>;

constexpr size_t kOriginBytes = 64;  // room for JobSpec.origin, which comes later

bool is_variable_name(std::string_view name) {
  auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

// The env of a map, on top of `base`.
Parsed<Env> parse_env(const YamlNode& map, Env base = {}) {
  const YamlEntry* entry = find(map, "env");
  if (entry == nullptr) return base;
  if (entry->value.kind != Kind::Map)
    return wrong_type(entry->value, "env", "a map of names and values");
  for (const YamlEntry& variable : entry->value.entries) {
    if (!is_variable_name(variable.key))
      return wrong(variable.at, "'" + variable.key +
                                    "' is no name for a variable; use letters, digits and _, "
                                    "starting with a letter");
    if (variable.value.kind == Kind::Null)
      return wrong(variable.value.at,
                   "the variable " + variable.key + " has no value; write \"\" for an empty one");
    if (variable.value.kind != Kind::Text)
      return wrong_type(variable.value, "the variable " + variable.key, "a text");
    base[variable.key] = variable.value.text;
  }
  return base;
}

Parsed<std::string> parse_run(const YamlNode& node) {
  if (node.kind != Kind::Text) return wrong_type(node, "run", "a text for the shell");
  if (node.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return wrong(node.at, "there is nothing to run here; write a command, or remove the step");
  return node.text;
}

std::string name_from(std::string_view run) {
  run.remove_prefix(run.find_first_not_of(" \t\r\n"));
  std::string_view line = run.substr(0, run.find_first_of("\r\n"));
  return std::string(utf8_prefix(line, limits::kNameBytes));
}

Parsed<Step> parse_step(const YamlNode& node, const std::string& where) {
  if (node.kind == Kind::Text) {
    auto run = parse_run(node);
    if (!run) return Unexpected{run.error()};
    return Step{name_from(*run), *run, {}};
  }
  if (node.kind != Kind::Map)
    return wrong_type(node, "a step " + where, "a text for the shell, or a map with run");
  if (auto good = check_keys(node, "in a step " + where, {"name", "run", "env"}); !good)
    return Unexpected{good.error()};
  const YamlEntry* command = find(node, "run");
  if (command == nullptr)
    return wrong(node.at, "a step " + where + " has no run; write what the shell shall do");
  auto run = parse_run(command->value);
  if (!run) return Unexpected{run.error()};
  Step step{name_from(*run), *run, {}};
  if (const YamlEntry* name = find(node, "name")) {
    if (name->value.kind != Kind::Text) return wrong_type(name->value, "name", "a text");
    if (auto good = check_name(name->value.text, name->value.at, "a step"); !good)
      return Unexpected{good.error()};
    step.name = name->value.text;
  }
  auto env = parse_env(node);
  if (!env) return Unexpected{env.error()};
  step.env = *env;
  return step;
}

Parsed<std::vector<Step>> parse_steps(const YamlNode& job, const std::string& where) {
  const YamlEntry* run = find(job, "run");
  const YamlEntry* steps = find(job, "steps");
  if (run != nullptr && steps != nullptr)
    return wrong(std::max(run, steps)->at, "run and steps both stand " + where +
                                               "; run is short for one step, so keep one of them");
  if (run == nullptr && steps == nullptr)
    return wrong(job.at, "nothing to do " + where + "; write steps, or run for a single one");
  std::vector<Step> parsed;
  if (run != nullptr) {
    auto text = parse_run(run->value);
    if (!text) return Unexpected{text.error()};
    parsed.push_back({name_from(*text), *text, {}});
    return parsed;
  }
  if (steps->value.kind != Kind::List)
    return wrong_type(steps->value, "steps", "a list, each line starting with '- '");
  if (steps->value.items.empty())
    return wrong(steps->value.at, "steps " + where + " is empty; write at least one");
  if (steps->value.items.size() > limits::kStepsPerJob)
    return wrong(steps->value.items[limits::kStepsPerJob].at,
                 "a job has at most " + std::to_string(limits::kStepsPerJob) + " steps");
  for (const YamlNode& item : steps->value.items) {
    auto step = parse_step(item, where);
    if (!step) return Unexpected{step.error()};
    parsed.push_back(std::move(*step));
  }
  return parsed;
}

Parsed<Duration> parse_timeout(const YamlNode& job) {
  const YamlEntry* entry = find(job, "timeout-minutes");
  if (entry == nullptr) return limits::kDefaultTimeout;
  constexpr auto kMost = std::chrono::duration_cast<std::chrono::minutes>(limits::kLongestTimeout);
  const std::string& text = entry->value.text;
  double minutes = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), minutes);
  if (entry->value.kind != Kind::Text || entry->value.quoted || error != std::errc{} ||
      end != text.data() + text.size() || !std::isfinite(minutes) || minutes * 60'000 < 1 ||
      minutes > static_cast<double>(kMost.count()))
    return wrong(entry->value.at, "timeout-minutes must be a number above 0, at most " +
                                      std::to_string(kMost.count()) + ", such as 10 or 0.5");
  return Duration{static_cast<int64_t>(minutes * 60'000)};
}

Parsed<std::vector<Need>> parse_needs(const YamlNode& job, const std::string& where) {
  std::vector<Need> needs;
  const YamlEntry* entry = find(job, "needs");
  if (entry == nullptr) return needs;
  std::vector<YamlNode> one;
  if (entry->value.kind == Kind::Text) one.push_back(entry->value);
  if (entry->value.kind != Kind::Text && entry->value.kind != Kind::List)
    return wrong_type(entry->value, "needs " + where, "the name of a job, or a list of names");
  for (const YamlNode& item : one.empty() ? entry->value.items : one) {
    if (item.kind != Kind::Text) return wrong_type(item, "a name in needs", "a text");
    for (const Need& before : needs)
      if (before.job == item.text)
        return wrong(item.at, "'" + item.text + "' is named twice in needs; remove one");
    needs.push_back({item.text, item.at});
  }
  return needs;
}

struct ParsedJob {
  JobSpec specification;
  std::vector<Need> needs;
};

// What holds for a job that does not say otherwise.
struct Defaults {
  Env env;
  std::vector<std::string> runs_on;
  Priority priority = Priority::Normal;
};

Parsed<Defaults> parse_defaults(const YamlNode& root) {
  auto env = parse_env(root);
  if (!env) return Unexpected{env.error()};
  auto runs_on = parse_runs_on(root, "at the top", {});
  if (!runs_on) return Unexpected{runs_on.error()};
  auto priority = parse_priority(root, "at the top", Priority::Normal);
  if (!priority) return Unexpected{priority.error()};
  return Defaults{std::move(*env), std::move(*runs_on), *priority};
}

Parsed<ParsedJob> parse_job(const std::string& name, const YamlNode& node, const std::string& where,
                            const Defaults& base) {
  ParsedJob job;
  job.specification.name = name;
  auto steps = parse_steps(node, where);
  if (!steps) return Unexpected{steps.error()};
  auto env = parse_env(node, base.env);
  if (!env) return Unexpected{env.error()};
  auto timeout = parse_timeout(node);
  if (!timeout) return Unexpected{timeout.error()};
  auto needs = parse_needs(node, where);
  if (!needs) return Unexpected{needs.error()};
  auto runs_on = parse_runs_on(node, where, base.runs_on);
  if (!runs_on) return Unexpected{runs_on.error()};
  auto priority = parse_priority(node, where, base.priority);
  if (!priority) return Unexpected{priority.error()};
  auto reports = parse_reports(node, where);
  if (!reports) return Unexpected{reports.error()};
  job.specification.reports = std::move(*reports);
  job.specification.runs_on = std::move(*runs_on);
  job.specification.priority = *priority;
  job.specification.steps = std::move(*steps);
  job.specification.env = std::move(*env);
  job.specification.timeout = *timeout;
  for (const Need& need : *needs) job.specification.needs.push_back(need.job);
  job.needs = std::move(*needs);
  return job;
}

Parsed<std::vector<ParsedJob>> parse_jobs(const YamlNode& jobs, const Defaults& base) {
  if (jobs.kind != Kind::Map) return wrong_type(jobs, "jobs", "a map of names and jobs");
  if (jobs.entries.empty()) return wrong(jobs.at, "there is no job in jobs; write at least one");
  std::vector<ParsedJob> parsed;
  for (const YamlEntry& entry : jobs.entries) {
    if (parsed.size() == limits::kJobsPerBuild)
      return wrong(entry.at,
                   "a pipeline has at most " + std::to_string(limits::kJobsPerBuild) + " jobs");
    if (auto good = check_name(entry.key, entry.at, "a job"); !good)
      return Unexpected{good.error()};
    const std::string where = "in job '" + entry.key + "'";
    if (entry.value.kind != Kind::Map)
      return wrong_type(entry.value, "the job '" + entry.key + "'", "a map with steps or run");
    if (auto good = check_keys(
            entry.value, where,
            {"steps", "run", "env", "needs", "timeout-minutes", "runs-on", "priority", "reports"});
        !good)
      return Unexpected{good.error()};
    auto job = parse_job(entry.key, entry.value, where, base);
    if (!job) return Unexpected{job.error()};
    parsed.push_back(std::move(*job));
  }
  return parsed;
}

Parsed<std::vector<ParsedJob>> parse_file(const YamlNode& root) {
  if (root.kind == Kind::Null) return wrong(root.at, "the file is empty; write jobs, or remove it");
  if (root.kind != Kind::Map)
    return wrong_type(root, "the file", "a map, such as 'run: make check'");
  if (find(root, "jobs") == nullptr) {
    if (auto good = check_keys(root, "at the top",
                               {"jobs", "steps", "run", "env", "timeout-minutes", "runs-on",
                                "priority", "concurrency", "reports"});
        !good)
      return Unexpected{good.error()};
    auto job = parse_job(std::string(kOnlyJob), root, "at the top", {});
    if (!job) return Unexpected{job.error()};
    return std::vector<ParsedJob>{std::move(*job)};
  }
  for (std::string_view key : {"steps", "run", "timeout-minutes", "reports"})
    if (const YamlEntry* entry = find(root, key))
      return wrong(entry->at,
                   "'" + std::string(key) +
                       "' stands beside jobs, so no job would have it; move it into one");
  if (auto good =
          check_keys(root, "at the top", {"jobs", "env", "runs-on", "priority", "concurrency"});
      !good)
    return Unexpected{good.error()};
  auto base = parse_defaults(root);
  if (!base) return Unexpected{base.error()};
  return parse_jobs(find(root, "jobs")->value, *base);
}

}  // namespace

Result<Pipeline, SourceError> parse(std::string_view text) {
  auto root = load_yaml(text);
  if (!root) return Unexpected{root.error()};
  auto parsed = parse_file(*root);
  if (!parsed) return Unexpected{parsed.error()};
  std::vector<NeedingJob> graph;
  for (const ParsedJob& job : *parsed) graph.push_back({job.specification.name, job.needs});
  if (auto error = find_wrong_need(graph)) return Unexpected{*error};
  auto concurrency = parse_concurrency(*root);
  if (!concurrency) return Unexpected{concurrency.error()};
  Pipeline pipeline;
  pipeline.concurrency = std::move(*concurrency);
  size_t bytes = 0;
  for (ParsedJob& job : *parsed) {
    bytes += message_bytes(job.specification) + kOriginBytes;
    pipeline.jobs.push_back(std::move(job.specification));
  }
  if (bytes > limits::kPipelineFileBytes)
    return wrong({1, 1}, "with all env and aliases written out, the jobs take more than " +
                             std::to_string(limits::kPipelineFileBytes / 1024) +
                             " KiB; move long scripts into files of the repository");
  return pipeline;
}

}  // namespace seaworthy::pipeline
