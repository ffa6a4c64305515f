#include "broker/upkeep.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "broker/outputs.h"
#include "shared/io/clock.h"

namespace seaworthy::broker {

Upkeep::Upkeep(const std::filesystem::path& database, std::filesystem::path outputs,
               const Keep& keep, Filing& filing)
    : outputs_(std::move(outputs)),
      filing_(filing),
      retention_(database, keep),
      thread_([this] { run(); }) {}

Upkeep::~Upkeep() {
  chores_.close();
  thread_.join();
}

void Upkeep::run() {
  pthread_setname_np(pthread_self(), "upkeep");
  for (;;) {
    const std::vector<Chore> chores = chores_.take();
    if (chores.empty()) return;
    for (const Chore& chore : chores) std::visit([this](const auto& one) { perform(one); }, chore);
  }
}

void Upkeep::perform(const CompressOutput& chore) {
  try {
    compress_output(outputs_, chore.attempt, chore.extent);
  } catch (const std::exception& error) {
    spdlog::warn("output of job {} attempt {} stays uncompressed: {}", chore.attempt.job.value,
                 chore.attempt.attempt.value, error.what());
  }
}

void Upkeep::perform(const FindExpired& chore) {
  BuildsExpired found;
  try {
    filing_.wait_for(chore.record);
    found.builds = retention_.expired(io::wall_now());
  } catch (const std::exception& error) {
    spdlog::error("cannot find the builds that are not to be kept: {}", error.what());
  }
  expired_.push(std::move(found));
}

void Upkeep::perform(const RemoveOutput& chore) {
  try {
    filing_.wait_for(chore.record);
    for (AttemptKey attempt : chore.attempts) remove_output(outputs_, attempt);
  } catch (const std::exception& error) {  // the next start sweeps
    spdlog::warn("output of removed builds may be left in {}: {}", outputs_.string(), error.what());
  }
}

void Upkeep::perform(const SweepOutput&) {
  try {
    const JobId last = retention_.last_job();
    for (AttemptKey attempt : stored_outputs(outputs_))
      if (attempt.job <= last && !retention_.has_job(attempt.job)) remove_output(outputs_, attempt);
  } catch (const std::exception& error) {
    spdlog::warn("output of removed builds may be left in {}: {}", outputs_.string(), error.what());
  }
}

}  // namespace seaworthy::broker
