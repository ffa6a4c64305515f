// Reading is the thread that answers questions about the past and does other slow reading: queries,
// ranges of output, compression of finished output, and removal of output that is not kept. It sees
// only what is durable.
#pragma once

#include <filesystem>
#include <string>
#include <thread>
#include <variant>

#include "broker/core/event.h"
#include "broker/handoff.h"
#include "broker/journal/reads.h"
#include "broker/journal/retention.h"
#include "broker/journal/test_reads.h"
#include "broker/outputs.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

// A client's question, to be answered with the same tag.
struct Question {
  PeerNumber peer = 0;
  uint64_t tag = 0;
  wire::Message message;
  // How many batches were durable when it was handed over: more may have become so since.
  uint64_t durable_batches = 0;
};

struct Answer {
  Question question;
  wire::Envelope envelope;
  bool nothing_new = false;  // a Fetch… that may be parked until there is
};

struct CompressOutput {
  AttemptKey attempt;
  uint64_t extent = 0;
};

// Finished builds that are not to be kept; answered with BuildsExpired.
struct FindExpired {};

struct RemoveOutput {
  std::vector<AttemptKey> attempts;
};

// Output of builds that were removed just before a crash.
struct SweepOutput {};

using ReadingTask = std::variant<Question, CompressOutput, FindExpired, RemoveOutput, SweepOutput>;
using ReadingResult = std::variant<Answer, BuildsExpired>;

class Reading {
 public:
  Reading(const std::filesystem::path& store, std::filesystem::path outputs, const Keep& keep);
  ~Reading();

  void submit(ReadingTask task) { tasks_.push(std::move(task)); }
  std::vector<ReadingResult> take_results() { return results_.take_now(); }
  int fd() const { return results_.fd(); }

 private:
  void run();
  void perform(Question question);
  void perform(const CompressOutput& task);
  void perform(FindExpired task);
  void perform(const RemoveOutput& task);
  void perform(SweepOutput task);

  wire::Message answer(const wire::ListBuilds& query);
  wire::Message answer(const wire::ShowBuild& query);
  wire::Message answer(const wire::ListHeads& query);
  wire::Message answer(const wire::ListTests& query);
  wire::Message answer(const wire::TestHistory& query);
  wire::Error there_is_none(const wire::ShowBuild& query);
  Answer fetch_events(Question question, const wire::FetchEvents& fetch);
  Answer fetch_output(Question question, const wire::FetchOutput& fetch);

  std::filesystem::path outputs_;
  OutputReader reader_;
  Reads reads_;
  TestReads test_reads_;
  Retention retention_;
  Handoff<ReadingTask> tasks_;
  Handoff<ReadingResult> results_;
  std::thread thread_;
};

}  // namespace seaworthy::broker
