// Tables is what happened in a form that can be asked: rows of SQLite, written from the changes
// that the log (broker/change_log.h) made durable before, many records in one transaction. After a
// restart the core is made of them. The only writing connection. Used by the filing thread alone,
// once recovered. What some changes do to one row of builds, jobs or attempts is gathered, and the
// row written once: most jobs come and go between two filings. Not for reading on behalf of people:
// reads.h. Every failure is a StoreError: the transaction may or may not have become durable, so
// the store must be read again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/core/change.h"
#include "broker/core/ledger.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::broker {

// Whether a power failure may take it: Later is durable with the next Now.
enum class Durability : uint8_t { Later, Now };

class Tables {
 public:
  // Opens or creates the database; begins a new epoch, durably, and with it all that was filed.
  explicit Tables(const std::filesystem::path& file);

  Recovered recover();

  // Up to which record of the log its changes are here.
  uint64_t filed();
  // Those of the records up to that one: all of them, or none and StoreError.
  void file(const std::vector<SharedChanges>& changes, uint64_t up_to_record,
            Durability durability);

 private:
  enum class RowState : uint8_t { Queued = 1, Running = 2, Finished = 3 };  // as in the schema
  // What is not set stays as it is. Texts are those of the changes that are being filed.
  struct PendingBuild {
    const BuildSubmitted* submitted = nullptr;  // null: it has a row
    UnixMillis submitted_at;
    std::optional<UnixMillis> started;  // if it did not before
    std::optional<Verdict> verdict;
    UnixMillis finished_at;
  };
  struct PendingJob {
    const NewJob* submitted = nullptr;  // null: it has a row
    BuildId build;                      // of a new one
    std::optional<RowState> state;
    std::optional<AttemptNumber> attempt;
    std::optional<std::string_view> worker;
    std::optional<BootId> boot;
    std::optional<uint32_t> losses;
    std::optional<uint32_t> failures;
    std::optional<bool> cancel_requested;
    std::optional<Verdict> verdict;
    std::optional<std::string_view> note;
  };
  struct PendingAttempt {
    const AttemptAssigned* assigned = nullptr;  // null: it has a row
    UnixMillis assigned_at;
    std::optional<std::optional<Outcome>> outcome;
    std::optional<std::string> detail;
    const wire::AttemptFinished* report = nullptr;
    std::optional<UnixMillis> finished;
    std::optional<uint64_t> output_bytes;
  };

  struct PendingEvent {
    EventSequence sequence;
    UnixMillis at;
    wire::EventKind kind;
    BuildId build;  // 0: the job's
    JobId job;
    AttemptNumber attempt;
    std::string_view worker;
    std::string_view detail;
  };

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

  void write_tests(JobId job, AttemptNumber attempt, const std::string& packed);
  void write_event(const Change& change, BuildId build, JobId job, AttemptNumber attempt,
                   std::string_view worker, std::string_view detail);
  template <size_t... kRow>
  void write_events(size_t first, std::index_sequence<kRow...>);
  void write_pending();
  void write(BuildId id, const PendingBuild& row);
  void write(JobId id, const PendingJob& row);
  void write(AttemptKey key, const PendingAttempt& row);
  void take_report(const Change& change, AttemptKey key, const wire::AttemptFinished& report);
  int64_t repository_id(const std::string& name);
  int64_t specification_id(const JobSpec& specification);
  Statement& prepared(const char* sql);

  Database database_;
  std::vector<PendingEvent> events_;
  std::map<BuildId, PendingBuild> builds_;
  std::map<JobId, PendingJob> jobs_;
  std::map<AttemptKey, PendingAttempt> attempts_;
  std::map<const char*, Statement> statements_;  // by the address of their text
  std::map<std::string, int64_t> repositories_;
  std::map<std::string, int64_t> specifications_;  // by digest; a bounded cache
  Epoch epoch_;
  Durability durability_ = Durability::Now;  // of the next transaction
};

}  // namespace seaworthy::broker
