// A restart finds the ledger as it was: histories in which everything happens, and the ledger told
// in words before and after each restart. And the same histories, filed in other portions.
#include <random>
#include <set>

#include "broker/journal/retention.h"
#include "tests/broker/stored_broker.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

std::string in_words(const std::vector<JobId>& ids) {
  std::string text;
  for (JobId id : ids) text += " " + std::to_string(id.value);
  return text;
}

std::string in_words(const Ledger& ledger, JobId id, const Job& job) {
  std::string text = "job " + std::to_string(id.value) + " of build " +
                     std::to_string(job.build.value) + ", " + ledger.name_of(job) + ": state " +
                     std::to_string(static_cast<int>(job.state)) + ", priority " +
                     std::to_string(static_cast<int>(job.priority)) + ", attempt " +
                     std::to_string(job.attempt.value) + (job.cancel_requested ? ", cancel" : "") +
                     (job.passed ? ", passed" : "") + (job.ready && !job.attempt ? ", ready" : "") +
                     ", needs" + in_words(job.needs());
  if (job.state != State::Finished)
    text += ", labels " + joined(ledger.label_sets().labels(job.labels));
  if (const auto before = ledger.stands_behind(id))
    text += ", behind build " + std::to_string(before->value);
  const Job::Past& past = job.past();
  text += ", of " + past.worker + " " + to_hex(past.boot) + " since " +
          std::to_string(past.assigned.value) + ", output " + std::to_string(past.output_bytes) +
          ", losses " + std::to_string(past.losses) + ", failures " + std::to_string(past.failures);
  for (const auto& [attempt, worker] : past.unreported)
    text += ", " + worker + " owes " + std::to_string(attempt.value);
  return text;
}

std::string in_words(const Ledger& ledger, BuildId id, const Build& build) {
  const Group* group = ledger.group_of(build);
  std::string text = "build " + std::to_string(id.value) + " of " + ledger.repository_of(build) +
                     " " + ledger.ref_of(build) + " " + build.commit->revision.text() + ": rank " +
                     std::to_string(build.rank) + ", unfinished " +
                     std::to_string(build.unfinished) + (build.running ? ", running" : "") +
                     ", verdict " + std::to_string(static_cast<int>(build.verdict)) + ", jobs" +
                     in_words(build.jobs());
  if (group != nullptr)
    text += ", group " + group->name + " held by " + std::to_string(group->holder.value) +
            ", newest " + std::to_string(group->newest.value);
  return text;
}

// Events are random, of a seed. Two workers; what they say may be refused, as in life.
class AnyHistory {
 public:
  static constexpr int kRevisions = 12;

  explicit AnyHistory(unsigned seed) : random_(seed) { restart(); }

  void restart() {
    broker_.reset();
    broker_.emplace(store_in(folder_));
  }

  void step() {
    broker_->wall.value += 1'000;
    switch (below(12)) {
      case 0:
      case 1: return submit();
      case 2: return work(1, "amy", {});
      case 3: return work(2, "bob", {"gpu", "linux"});
      case 4:
      case 5: return finish();
      case 6:
        return with_running([this](JobId id, const Job& job) {
          say(job, wire::Output{job.past().boot, id, job.attempt, job.past().output_bytes}, 7);
        });
      case 7:
        return with_running([this](JobId id, const Job& job) {
          say(job, wire::Decline{job.past().boot, id, job.attempt, "no room"});
        });
      case 8: broker_->now = broker_->now + Duration{100'000}; return tell(Tick{});
      case 9: return cancel();
      case 10: return say(9, wire::PauseRepository{repository(), below(3) == 0});
      default: return say(9, wire::SaveCursor{"news/" + std::to_string(below(3)), {below(9) + 1}});
    }
  }

  // All that the ledger tells of what is durable.
  std::vector<std::string> ledger_in_words() {
    const Ledger& ledger = broker_->core().ledger();
    std::vector<std::string> lines;
    for (const auto& [id, job] : ledger.jobs()) lines.push_back(in_words(ledger, id, job));
    for (uint64_t id = 1; id <= ledger.last_build().value; ++id)
      if (const Build* build = ledger.find_build({id})) {
        lines.push_back(in_words(ledger, BuildId{id}, *build));
        states_.insert(build->running ? "a running build" : "a queued build");
      }
    for (const std::string at : {"/srv/project", "/srv/other"})
      for (int number = 0; number < kRevisions; ++number)
        if (const auto build = ledger.find_revision(at, "refs/heads/main", revision(number)))
          lines.push_back(at + " " + revision(number) + " is of build " +
                          std::to_string(build->value));
    for (uint8_t number = 1; number <= requests_; ++number)
      if (const TakenRequest* taken = ledger.find_request(request(number)))
        lines.push_back("request " + std::to_string(number) + " made build " +
                        std::to_string(taken->first_build.value) + " of " +
                        std::to_string(taken->digest));
    for (const auto& [name, sequence] : ledger.cursors())
      lines.push_back(name + " is at " + std::to_string(sequence.value));
    for (const std::string& one : ledger.paused()) lines.push_back(one + " is paused");
    for (const char* worker : {"amy", "bob"}) {
      std::vector<JobId> leased = ledger.leased_by(worker);
      std::sort(leased.begin(), leased.end());
      lines.push_back(std::string(worker) + " has" + in_words(leased));
    }
    // Turns are not durable, nor is that a job waits a moment after an attempt that came to
    // nothing.
    auto waiting = ledger.ready().in_order(1'000, [](LabelSetId) { return true; });
    std::erase_if(waiting, [&](JobId id) { return bool{ledger.find_job(id)->attempt}; });
    std::sort(waiting.begin(), waiting.end());
    lines.push_back("in the queue" + in_words(waiting) + ", behind" +
                    in_words(ledger.behind_their_group(1'000)) + ", running" +
                    in_words(ledger.running()) + ", unfinished " +
                    std::to_string(ledger.unfinished_count()));
    lines.push_back("up to build " + std::to_string(ledger.last_build().value) + ", job " +
                    std::to_string(ledger.last_job().value) + ", event " +
                    std::to_string(ledger.last_sequence().value) + ", rank " +
                    std::to_string(ledger.last_rank()));
    note_states(ledger);
    return lines;
  }

  const std::set<std::string>& states() const { return states_; }

  // All but the newest builds of each repository that have ended a while ago.
  void remove_old_builds() {
    const Keep keep{.builds = 5, .age = {}, .bytes = {}};
    const UnixMillis later{broker_->wall.value + 3'600'000};
    tell(BuildsExpired{Retention(store_in(folder_), keep).expired(later)});
  }
  const std::vector<SharedChanges>& filed() const { return broker_->filed; }
  std::filesystem::path store() const { return store_in(folder_); }

 private:
  uint64_t below(uint64_t end) { return random_() % end; }
  std::string repository() { return below(2) == 0 ? "/srv/project" : "/srv/other"; }

  void tell(const Event& event) { broker_->tell(event); }
  void say(PeerNumber peer, const wire::Message& message, uint64_t bytes = 0) {
    tell(MessageReceived{peer, 1, &message, bytes});
  }
  void say(const Job& job, const wire::Message& message, uint64_t bytes = 0) {
    say(job.past().worker == "amy" ? 1 : 2, message, bytes);
  }

  void submit() {
    std::vector<JobSpec> jobs{a_job("lint"), a_job("test"), a_job("deploy", {"lint", "test"})};
    jobs.resize(below(3) + 1);
    for (JobSpec& job : jobs) job.priority = static_cast<Priority>(below(3) + 1);
    if (below(2) == 0) jobs[0].runs_on = {"gpu", "linux"};
    if (below(4) == 0) jobs[0].runs_on = {"mips"};
    wire::Submit submit =
        a_submit(++requests_, {static_cast<int>(below(kRevisions))}, std::move(jobs));
    submit.repository = repository();
    submit.again = below(4) == 0;
    if (below(3) == 0) submit.pipelines[0].concurrency = Concurrency{"deploy", below(2) == 0};
    say(9, submit);
  }

  void work(uint8_t peer, const std::string& worker, const Labels& labels) {
    wire::Hello hello;
    hello.worker = worker;
    hello.boot = boot(peer);
    hello.labels = labels;
    hello.count = ++hellos_;
    const Ledger& ledger = broker_->core().ledger();
    for (const auto& [id, job] : ledger.jobs())
      if (job.attempt && job.past().worker == worker && below(3) > 0)
        hello.held.push_back({id, job.attempt, false});
    say(peer, hello);
    say(peer, wire::Ready{boot(peer), static_cast<uint32_t>(below(4))});
  }

  template <class Act>
  void with_running(const Act& act) {
    const std::vector<JobId> running = broker_->core().ledger().running();
    if (running.empty()) return;
    const JobId id = running[below(running.size())];
    act(id, *broker_->core().ledger().find_job(id));
  }

  // Of one that runs, or of one that was taken from its worker.
  void finish() {
    wire::AttemptFinished finished;
    finished.outcome =
        std::array{Outcome::Passed, Outcome::Passed, Outcome::Failed, Outcome::Broken}.at(below(4));
    std::vector<std::pair<JobId, AttemptNumber>> attempts;
    for (const auto& [id, job] : broker_->core().ledger().jobs()) {
      if (job.state == State::Running) attempts.emplace_back(id, job.attempt);
      for (const auto& [attempt, worker] : job.past().unreported)
        attempts.emplace_back(id, attempt);
    }
    if (attempts.empty()) return;
    std::tie(finished.job, finished.attempt) = attempts[below(attempts.size())];
    const Job& job = *broker_->core().ledger().find_job(finished.job);
    finished.boot = job.past().boot;
    finished.output_bytes = job.past().output_bytes;
    say(finished.boot == boot(1) ? 1 : 2, finished);
  }

  void cancel() {
    const uint64_t last = broker_->core().ledger().last_job().value;
    if (last > 0) say(9, wire::Cancel{{}, JobId{below(last) + 1}, "enough"});
  }

  void note_states(const Ledger& ledger) {
    for (const auto& [id, job] : ledger.jobs()) {
      const bool again = job.attempt.value > 1;
      if (job.state == State::Queued) states_.insert(again ? "queued again" : "queued");
      if (job.state == State::Running) states_.insert(again ? "running again" : "running");
      if (job.state == State::Finished) states_.insert(job.passed ? "passed" : "not passed");
      if (!job.needs().empty()) states_.insert("needing");
      if (job.cancel_requested) states_.insert("to be cancelled");
      if (job.past().output_bytes > 0) states_.insert("with output");
      if (job.past().losses > 0) states_.insert("lost");
      if (job.past().failures > 0) states_.insert("broken");
      if (!job.past().unreported.empty()) states_.insert("owed");
      if (ledger.stands_behind(id)) states_.insert("behind its group");
    }
    if (!ledger.paused().empty()) states_.insert("paused");
  }

  Folder folder_;
  std::mt19937 random_;
  std::optional<StoredBroker> broker_;
  uint8_t requests_ = 0;
  uint64_t hellos_ = 0;
  std::set<std::string> states_;
};

// Every row, but for what is counted by filings themselves; repositories by their names, whose
// numbers are nobody else's.
std::vector<std::string> rows_of(const std::filesystem::path& store) {
  const Database database(store, OpenMode::ReadOnly);
  std::vector<std::string> rows;
  for (const std::string table : {"specification", "build", "job", "attempt", "event", "request",
                                  "head", "cursor", "test_report", "paused", "meta"}) {
    Statement columns(database, "SELECT name FROM pragma_table_info('" + table + "')");
    std::string list = "''";
    while (columns.next()) {
      const std::string column = columns.text(0);
      list += " || '|' || quote(" +
              (column == "repository"
                   ? "(SELECT name FROM repository WHERE id = " + table + ".repository)"
                   : column) +
              ")";
    }
    Statement select(database, "SELECT " + list + " FROM " + table +
                                   (table == "meta" ? " WHERE key NOT IN ('epoch', 'filed')" : "") +
                                   " ORDER BY 1");
    while (select.next()) rows.push_back(table + ": " + select.text(0));
  }
  return rows;
}

}  // namespace

TEST_CASE("however many steps are filed at once, the rows are the same") {
  size_t most_rows = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    AnyHistory history(seed);
    for (int i = 0; i < 150; ++i) {
      history.step();
      if (i % 40 == 39) history.remove_old_builds();
    }
    const std::vector<std::string> one_by_one = rows_of(history.store());
    std::mt19937 random(seed);
    const Folder folder;
    Tables tables(store_in(folder));
    for (size_t first = 0; first < history.filed().size();) {
      const size_t last = std::min(history.filed().size(), first + 1 + random() % 60);
      const auto& filed = history.filed();
      tables.file({filed.begin() + static_cast<ptrdiff_t>(first),
                   filed.begin() + static_cast<ptrdiff_t>(last)},
                  last, Durability::Later);
      first = last;
    }
    const std::vector<std::string> in_portions = rows_of(store_in(folder));
    REQUIRE(in_portions.size() == one_by_one.size());
    for (size_t i = 0; i < one_by_one.size(); ++i) REQUIRE(in_portions[i] == one_by_one[i]);
    most_rows = std::max(most_rows, one_by_one.size());
  }
  CHECK(most_rows > 100);
}

TEST_CASE("whatever happened before a restart, the ledger is the same after it") {
  std::set<std::string> seen;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    AnyHistory history(seed);
    for (int life = 0; life < 8; ++life) {
      for (int i = 0; i < 25; ++i) history.step();
      const std::vector<std::string> before = history.ledger_in_words();
      history.restart();
      const std::vector<std::string> after = history.ledger_in_words();
      REQUIRE(after.size() == before.size());
      for (size_t line = 0; line < before.size(); ++line) REQUIRE(after[line] == before[line]);
    }
    seen.insert(history.states().begin(), history.states().end());
  }
  CHECK(seen == std::set<std::string>{"a queued build", "a running build", "behind its group",
                                      "broken", "lost", "needing", "not passed", "owed", "passed",
                                      "paused", "queued", "queued again", "running",
                                      "running again", "to be cancelled", "with output"});
}
