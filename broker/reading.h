// Reading is the thread that answers questions about the past: queries, and ranges of output. It
// sees only what is durable, and all that was so when the question was handed over.
#pragma once

#include <filesystem>
#include <thread>
#include <vector>

#include "broker/core/event.h"
#include "broker/filing.h"
#include "broker/handoff.h"
#include "broker/journal/reads.h"
#include "broker/journal/test_reads.h"
#include "broker/outputs.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

// A client's question, to be answered with the same tag.
struct Question {
  PeerNumber peer = 0;
  uint64_t tag = 0;
  wire::Message message;
  // Up to which record of the log all was durable when it was handed over: what is to be seen.
  uint64_t record = 0;
};

struct Answer {
  Question question;
  wire::Envelope envelope;
  bool nothing_new = false;  // a Fetch… that may be parked until there is
};

class Reading {
 public:
  // `filing` must outlive it.
  Reading(const std::filesystem::path& database, const std::filesystem::path& outputs,
          Filing& filing);
  ~Reading();

  void submit(Question question) { questions_.push(std::move(question)); }
  std::vector<Answer> take_answers() { return answers_.take_now(); }
  int fd() const { return answers_.fd(); }

 private:
  void run();
  void perform(Question question);

  wire::Message answer(const wire::ListBuilds& query);
  wire::Message answer(const wire::ShowBuild& query);
  wire::Message answer(const wire::ListHeads& query);
  wire::Message answer(const wire::ListTests& query);
  wire::Message answer(const wire::TestHistory& query);
  wire::Error there_is_none(const wire::ShowBuild& query);
  static Answer no_such_job(Question question, const wire::FetchOutput& fetch);
  Answer fetch_events(Question question, const wire::FetchEvents& fetch);
  Answer fetch_output(Question question, const wire::FetchOutput& fetch);

  Filing& filing_;
  OutputReader reader_;
  Reads reads_;
  TestReads test_reads_;
  Handoff<Question> questions_;
  Handoff<Answer> answers_;
  std::thread thread_;
};

}  // namespace seaworthy::broker
