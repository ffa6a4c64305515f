#include "broker/upkeep.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "broker/outputs.h"
#include "shared/io/clock.h"

namespace seaworthy::broker {

Upkeep::Upkeep(const std::filesystem::path& store, std::filesystem::path outputs, const Keep& keep)
    : outputs_(std::move(outputs)), retention_(store, keep), thread_([this] { run(); }) {}

Upkeep::~Upkeep() {
  chores_.close();
  thread_.join();
}

void Upkeep::run() {
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

void Upkeep::perform(const FindExpired&) {
  BuildsExpired found;
  try {
    found.builds = retention_.expired(io::wall_now());
  } catch (const std::exception& error) {
    spdlog::error("cannot find the builds that are not to be kept: {}", error.what());
  }
  expired_.push(std::move(found));
}

void Upkeep::perform(const RemoveOutput& chore) {
  for (AttemptKey attempt : chore.attempts) remove_output(outputs_, attempt);
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
