// Journal is the broker's durable record in SQLite: it takes what the core decided, one transaction
// per batch, and gives it back after a restart. The only writing connection. Used by the storage
// thread alone, once recovered. Not for reading on behalf of people: reads.h. Every failure is a
// StoreError: the transaction may or may not have become durable, so the process must end and read
// the store again.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "broker/core/change.h"
#include "broker/core/ledger.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::broker {

class Journal {
 public:
  // Opens or creates the store; begins a new epoch, durably.
  explicit Journal(const std::filesystem::path& file);

  Recovered recover();

  // All of them, or none and StoreError.
  void commit(const std::vector<Change>& changes);

  // What a job is told to do. The job must exist.
  JobSpec specification_of(JobId job);

 private:
  void write(const Change& change, const BuildSubmitted& body);
  void write(const Change& change, const RequestTaken& body);
  void write(const Change& change, const AttemptAssigned& body);
  void write(const Change& change, const AttemptReattached& body);
  void write(const Change& change, const AttemptAdopted& body);
  void write(const Change& change, const AttemptReturned& body);
  void write(const Change& change, const AttemptLost& body);
  void write(const Change& change, const AttemptEnded& body);
  void write(const Change& change, const AttemptSuperseded& body);
  void write(const Change& change, const CancelRequested& body);
  void write(const Change& change, const JobFinished& body);
  void write(const Change& change, const BuildFinished& body);
  void write(const Change& change, const HeadAdvanced& body);
  void write(const Change& change, const CursorSaved& body);
  void write(const Change& change, const RepositoryPaused& body);
  void write(const Change& change, const OutputStored& body);
  void write(const Change& change, const BuildRemoved& body);

  void write_report(const Change& change, JobId job, AttemptNumber attempt,
                    const wire::AttemptFinished& report);
  void write_tests(JobId job, AttemptNumber attempt, const std::string& packed);
  void write_event(const Change& change, BuildId build, JobId job, AttemptNumber attempt,
                   std::string_view worker, std::string_view detail);
  int64_t repository_id(const std::string& name);
  int64_t specification_id(const JobSpec& specification);
  Statement& prepared(const char* sql);

  Database database_;
  std::map<const char*, Statement> statements_;  // by the address of their text
  std::map<std::string, int64_t> repositories_;
  std::map<std::string, int64_t> specifications_;  // by digest; a bounded cache
  Epoch epoch_;
};

}  // namespace seaworthy::broker
