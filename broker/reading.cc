#include "broker/reading.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

Reading::Reading(const std::filesystem::path& database, const std::filesystem::path& outputs,
                 Filing& filing)
    : filing_(filing), reader_(outputs), reads_(database), test_reads_(database), thread_([this] {
        run();
      }) {}

Reading::~Reading() {
  questions_.close();
  thread_.join();
}

void Reading::run() {
  pthread_setname_np(pthread_self(), "reading");
  for (;;) {
    std::vector<Question> questions = questions_.take();
    if (questions.empty()) return;
    for (Question& question : questions) perform(std::move(question));
  }
}

// A question that the store cannot answer fails by itself: the writing side finds out on its own
// whether it can go on.
void Reading::perform(Question question) {
  const wire::Message asked = question.message;
  Answer result{question, {{}, question.tag, {}}, false};
  try {
    filing_.wait_for(question.record);
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
  answers_.push(std::move(result));
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

Answer Reading::no_such_job(Question question, const wire::FetchOutput& fetch) {
  const std::string attempt =
      fetch.attempt ? " attempt " + std::to_string(fetch.attempt.value) : "";
  const uint64_t tag = question.tag;
  return {std::move(question),
          {wire::Error{wire::ErrorCode::NotFound,
                       "there is no job " + std::to_string(fetch.job.value) + attempt, false, 0},
           tag,
           {}},
          false};
}

Answer Reading::fetch_output(Question question, const wire::FetchOutput& fetch) {
  const uint64_t tag = question.tag;
  std::optional<OutputExtent> extent = reads_.output_extent(fetch.job, fetch.attempt);
  if (!extent) return no_such_job(std::move(question), fetch);
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
    try {
      bytes = reader_.read(key, fetch.offset, end, kMost);
    } catch (const std::runtime_error&) {  // its build may have been removed since
      if (reads_.output_extent(fetch.job, fetch.attempt)) throw;
      return no_such_job(std::move(question), fetch);
    }
  } else if (fetch.offset < extent->note.size()) {
    bytes = extent->note.substr(fetch.offset, kMost);
  }
  data.complete = extent->final && fetch.offset + bytes.size() >= extent->bytes;
  const bool nothing_new = bytes.empty() && !data.complete;
  return {std::move(question), {data, tag, std::move(bytes)}, nothing_new};
}

}  // namespace seaworthy::broker
