#include "worker/attempts.h"

#include <spdlog/spdlog.h>

#include <sstream>

#include "shared/base/overloaded.h"
#include "worker/output.h"
#include "worker/strays.h"
#include "worker/tree.h"
#include "worker/workspace.h"

namespace seaworthy::worker {
namespace {

// For the processes of a leader that died.
constexpr int kEndOrphansMs = 5'000;

// FNV-1a: the same in each life of a worker.
std::string short_hash(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::ostringstream hex;
  hex << std::hex << hash;
  return hex.str();
}

}  // namespace

Attempts::Attempts(AttemptsOptions options)
    : options_(std::move(options)), spool_(spool_directory()) {}

// Who looks whether anything of a worker that ended is left shall find nothing.
Attempts::~Attempts() {
  if (prepared_) prepared_->dismiss();
}

std::filesystem::path Attempts::spool_directory() const { return options_.state / "spool"; }

std::filesystem::path Attempts::workspace(AttemptKey key) const {
  return options_.state / "work" / directory_name(key);
}

std::string Attempts::group_prefix() const {
  return "seaworthy-" + short_hash(options_.state.string()) + "-";
}

Group Attempts::group(AttemptKey key) const {
  return options_.groups.empty() ? Group()
                                 : Group(options_.groups / (group_prefix() + directory_name(key)));
}

std::vector<Event> Attempts::recover() {
  if (size_t ended = end_strays(spool_directory(), options_.state / "work"); ended > 0)
    spdlog::warn("ended {} processes that an earlier life of this worker left", ended);
  std::error_code error;
  for (std::filesystem::directory_iterator entry(options_.groups, error);
       !error && entry != std::filesystem::directory_iterator{}; entry.increment(error))
    if (entry->path().filename().string().starts_with(group_prefix()))
      Group(entry->path()).remove();
  if (!remove_tree(options_.state / "work"))
    spdlog::warn("cannot remove all of {}: it takes disk until somebody does",
                 (options_.state / "work").string());
  std::vector<Event> events;
  for (wire::AttemptFinished& report : spool_.recover())
    events.push_back(Recovered{std::move(report)});
  return events;
}

std::vector<Event> Attempts::start(const wire::Assign& assign) {
  const AttemptKey key{assign.job, assign.attempt};
  auto entry = spool_.create(assign);
  if (!entry) return {AttemptEnded{broken(key, entry.error())}};
  auto leader = lead({entry->directory(), workspace(key), options_.mirrors, options_.worker,
                      options_.kill_grace, options_.output_cap_bytes, group(key).directory()});
  if (!leader) return {AttemptEnded{broken(key, leader.error())}};
  running_.emplace(key, Running{std::move(*leader), false, false, false, {}});
  return {};
}

void Attempts::prepare() {
  for (const auto& [key, running] : running_)
    if (!running.begun && !running.ended && !running.killed) return;
  if (prepared_ && !prepared_->exit_code()) return;
  prepared_.reset();
  auto leader = LeaderProcess::prepare(options_.leader, spool_directory());
  if (leader) prepared_.emplace(std::move(*leader));  // else start() says why not
}

Result<LeaderProcess> Attempts::lead(const LeaderOptions& what) {
  if (prepared_) {
    LeaderProcess leader = std::move(*prepared_);
    prepared_.reset();
    if (leader.begin(what)) return leader;  // else it was killed while it waited
  }
  auto leader = LeaderProcess::prepare(options_.leader, spool_directory());
  if (leader && !leader->begin(what))
    return Unexpected{"the process that leads a job ended at once"};
  return leader;
}

void Attempts::cancel(AttemptKey key) {
  if (auto found = running_.find(key); found != running_.end()) found->second.leader.cancel();
}

void Attempts::kill(AttemptKey key) {
  if (auto found = running_.find(key); found != running_.end()) {
    found->second.killed = true;
    found->second.leader.kill();
  }
}

void Attempts::discard(AttemptKey key) { spool_.discard(key); }

Result<std::string> Attempts::read_output(AttemptKey key, uint64_t offset, size_t size) const {
  return spool_.entry(key).read_output(offset, size);
}

io::TimesRead Attempts::read_times(AttemptKey key, uint64_t from, uint64_t to) const {
  return io::read_times(spool_.entry(key).times_file(), from, to);
}

std::vector<int> Attempts::descriptors() const {
  std::vector<int> list;
  for (const auto& [key, running] : running_) {
    if (running.leader.report_fd() >= 0) list.push_back(running.leader.report_fd());
    list.push_back(running.leader.ended_fd());
  }
  return list;
}

std::vector<Event> Attempts::collect() {
  std::vector<Event> events;
  for (auto it = running_.begin(); it != running_.end();) {
    auto& [key, running] = *it;
    // Asked first: once it has ended, all its reports are in the pipe.
    const std::optional<int> exit_code = running.leader.exit_code();
    take_reports(key, running, events);
    if (!exit_code) {
      ++it;
      continue;
    }
    if (running.killed || !running.ended)
      events.push_back(event_of_death(key, running, *exit_code));
    it = running_.erase(it);
  }
  return events;
}

void Attempts::take_reports(AttemptKey key, Running& running, std::vector<Event>& events) {
  for (LeaderReport& report : running.leader.read_reports())
    std::visit(overloaded{
                   [&](const leader_says::Grew& grew) {
                     events.push_back(OutputGrew{key, grew.size_bytes});
                   },
                   [&](const leader_says::Note& note) {
                     spdlog::debug("job {}: {}", directory_name(key), note.text);
                   },
                   [&](const leader_says::Begun&) { running.begun = true; },
                   [&](const leader_says::Ended&) {
                     auto outcome = spool_.entry(key).outcome();
                     running.ended = outcome && *outcome;
                     if (running.ended) events.push_back(AttemptEnded{std::move(**outcome)});
                   },
                   [&](leader_says::Broken& why) { running.trouble = std::move(why.reason); },
               },
               report);
}

Event Attempts::event_of_death(AttemptKey key, const Running& running, int exit_code) {
  std::vector<pid_t> others;
  for (const auto& [other, entry] : running_)
    if (other != key) others.push_back(entry.leader.pid());
  if (prepared_) others.push_back(prepared_->pid());
  group(key).remove();
  // Orphans of a dead leader became children of the worker.
  if (size_t left = kill_descendants(kEndOrphansMs, others); left > 0)
    spdlog::error("{} processes of job {} cannot be ended", left, directory_name(key));
  remove_tree(workspace(key));
  if (running.killed) return AttemptGone{key};
  // It may have died between writing the outcome and saying so.
  if (auto outcome = spool_.entry(key).outcome(); outcome && *outcome)
    return AttemptEnded{std::move(**outcome)};
  wire::AttemptFinished report = broken(
      key, running.trouble.empty()
               ? "the process that led this job died, with exit code " + std::to_string(exit_code)
               : running.trouble);
  const SpoolEntry entry = spool_.entry(key);
  auto written = entry.write_outcome(report);
  if (written) written = entry.make_durable();
  if (!written)
    spdlog::error("{}: the outcome is lost if this worker dies before it is reported",
                  written.error());
  return AttemptEnded{std::move(report)};
}

wire::AttemptFinished Attempts::broken(AttemptKey key, const std::string& why) const {
  const SpoolEntry entry = spool_.entry(key);
  wire::AttemptFinished report;
  report.job = key.job;
  report.attempt = key.attempt;
  report.outcome = Outcome::Broken;
  report.detail = why;
  report.output_bytes = entry.output_bytes();
  report.output_sha256 = sha256_of_file(entry.output_file());
  return report;
}

}  // namespace seaworthy::worker
