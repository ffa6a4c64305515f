#include "broker/reading.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "shared/base/overloaded.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

Reading::Reading(const std::filesystem::path& store, std::filesystem::path outputs,
                 const Keep& keep)
    : outputs_(std::move(outputs)),
      reader_(outputs_),
      reads_(store),
      test_reads_(store),
      retention_(store, keep),
      thread_([this] { run(); }) {}

Reading::~Reading() {
  tasks_.close();
  thread_.join();
}

void Reading::run() {
  for (;;) {
    std::vector<ReadingTask> tasks = tasks_.take();
    if (tasks.empty()) return;
    for (ReadingTask& task : tasks)
      std::visit([this](auto& one) { perform(std::move(one)); }, task);
  }
}

// A question that the store cannot answer fails by itself: the writing side finds out on its own
// whether it can go on.
void Reading::perform(Question question) {
  const wire::Message asked = question.message;
  Answer result{question, {{}, question.tag, {}}, false};
  try {
    std::visit(
        overloaded{[&](const wire::FetchEvents& fetch) {
                     result = fetch_events(std::move(question), fetch);
                   },
                   [&](const wire::FetchOutput& fetch) {
                     result = fetch_output(std::move(question), fetch);
                   },
                   [&](const wire::ListBuilds& query) { result.envelope.message = answer(query); },
                   [&](const wire::ShowBuild& query) { result.envelope.message = answer(query); },
                   [&](const wire::ListHeads& query) { result.envelope.message = answer(query); },
                   [&](const wire::ListTests& query) { result.envelope.message = answer(query); },
                   [&](const wire::TestHistory& query) { result.envelope.message = answer(query); },
                   [&](const auto&) {
                     result.envelope.message = wire::Error{wire::ErrorCode::BadMessage,
                                                           "this is not a question", false, 0};
                   }},
        asked);
  } catch (const std::exception& error) {
    spdlog::error("cannot answer a question: {}", error.what());
    result.envelope.message = wire::Error{wire::ErrorCode::Refused, error.what(), false, 0};
  }
  results_.push(std::move(result));
}

void Reading::perform(const CompressOutput& task) {
  try {
    compress_output(outputs_, task.attempt, task.extent);
  } catch (const std::exception& error) {
    spdlog::warn("output of job {} attempt {} stays uncompressed: {}", task.attempt.job.value,
                 task.attempt.attempt.value, error.what());
  }
}

void Reading::perform(FindExpired) {
  BuildsExpired found;
  try {
    found.builds = retention_.expired(io::wall_now());
  } catch (const std::exception& error) {
    spdlog::error("cannot find the builds that are not to be kept: {}", error.what());
  }
  results_.push(std::move(found));
}

void Reading::perform(const RemoveOutput& task) {
  for (AttemptKey attempt : task.attempts) remove_output(outputs_, attempt);
}

void Reading::perform(SweepOutput) {
  try {
    const JobId last = retention_.last_job();
    for (AttemptKey attempt : stored_outputs(outputs_))
      if (attempt.job <= last && !retention_.has_job(attempt.job)) remove_output(outputs_, attempt);
  } catch (const std::exception& error) {
    spdlog::warn("output of removed builds may be left in {}: {}", outputs_.string(), error.what());
  }
}

wire::Message Reading::answer(const wire::ListBuilds& query) { return reads_.list_builds(query); }

wire::Message Reading::answer(const wire::ShowBuild& query) {
  if (auto detail = reads_.show_build(query)) return *std::move(detail);
  return there_is_none(query);
}

wire::Message Reading::answer(const wire::ListTests& query) {
  if (auto list = test_reads_.list_tests(query)) return *std::move(list);
  return there_is_none({query.build, query.job, false});
}

wire::Message Reading::answer(const wire::TestHistory& query) { return test_reads_.history(query); }

wire::Error Reading::there_is_none(const wire::ShowBuild& query) {
  const std::string what = query.build ? "build " + std::to_string(query.build.value)
                                       : "job " + std::to_string(query.job.value);
  const char* why = reads_.was_removed(query)
                        ? " any more: the broker does not keep builds as old as that (--keep-…)"
                        : "";
  return wire::Error{wire::ErrorCode::NotFound, "there is no " + what + why, false, 0};
}

wire::Message Reading::answer(const wire::ListHeads& query) { return reads_.list_heads(query); }

Answer Reading::fetch_events(Question question, const wire::FetchEvents& fetch) {
  wire::Events events{fetch.after.value_or(EventSequence{}),
                      reads_.events_after(*fetch.after, fetch.limit)};
  if (!events.events.empty()) events.last = events.events.back().sequence;
  const bool nothing_new = events.events.empty();
  const uint64_t tag = question.tag;
  return {std::move(question), {std::move(events), tag, {}}, nothing_new};
}

Answer Reading::fetch_output(Question question, const wire::FetchOutput& fetch) {
  const uint64_t tag = question.tag;
  std::optional<OutputExtent> extent = reads_.output_extent(fetch.job, fetch.attempt);
  if (!extent) {
    const std::string attempt =
        fetch.attempt ? " attempt " + std::to_string(fetch.attempt.value) : "";
    return {std::move(question),
            {wire::Error{wire::ErrorCode::NotFound,
                         "there is no job " + std::to_string(fetch.job.value) + attempt, false, 0},
             tag,
             {}},
            false};
  }
  constexpr size_t kMost = limits::kReplyBytes / 2;
  const AttemptKey key{fetch.job, extent->attempt};
  wire::OutputData data{fetch.job,     extent->attempt, fetch.offset,
                        extent->bytes, false,           extent->assigned};
  std::string bytes;
  if (extent->attempt) {
    // Up to where the answer has room for their times.
    uint64_t end = extent->bytes;
    if (fetch.offset < end) end = fetch.offset + std::min<uint64_t>(kMost, end - fetch.offset);
    if (fetch.with_times && fetch.offset < end) {
      io::TimesRead known = reader_.read_times(key, fetch.offset, end);
      data.times = std::move(known.times);
      end = known.to;
    }
    bytes = reader_.read(key, fetch.offset, end, kMost);
  } else if (fetch.offset < extent->note.size()) {
    bytes = extent->note.substr(fetch.offset, kMost);
  }
  data.complete = extent->final && fetch.offset + bytes.size() >= extent->bytes;
  const bool nothing_new = bytes.empty() && !data.complete;
  return {std::move(question), {data, tag, std::move(bytes)}, nothing_new};
}

}  // namespace seaworthy::broker
