// A store whose rows say anything: bit rot, a hand that edited it, another program's bug. Reading
// it, going on from it and asking about it either works or is a StoreError with a text; it never
// brings the process down. The store is SQLite's own, in memory.
#include <sqlite3.h>

#include <array>

#include "broker/core/core.h"
#include "broker/journal/reads.h"
#include "broker/journal/specifications.h"
#include "broker/journal/tables.h"
#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "shared/wire/codec.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/require.h"

namespace seaworthy::fuzz {
namespace {

using namespace broker;

// Connections of one process to one of these names share it.
constexpr const char* kSound = "file:/sound?vfs=memdb";
constexpr const char* kUnderTest = "file:/under-test?vfs=memdb";

// The broker without its sockets.
class Shell {
 public:
  explicit Shell(const char* file)
      : file_(file),
        tables_(file),
        core_({Timing{}, limits::kOutputCreditBytes}, tables_.recover(), now_) {}

  void say(PeerNumber peer, const wire::Message& message, uint64_t blob_bytes = 0) {
    step(MessageReceived{peer, 1, &message, blob_bytes});
  }
  void pass(Duration time) {
    now_ = now_ + time;
    step(Tick{});
  }
  const Ledger& ledger() const { return core_.ledger(); }
  std::vector<AttemptKey> held() const {
    std::vector<AttemptKey> keys;
    for (const auto& [id, job] : ledger().jobs()) keys.push_back({id, job.attempt});
    return keys;
  }
  Epoch epoch() const { return core_.epoch(); }
  // The attempt that was handed out last.
  wire::Assign assigned;

 private:
  void step(const Event& event) {
    constexpr UnixMillis kWall{1'700'000'000'000};
    const Effects effects = core_.step({now_, kWall}, event);
    tables_.file({std::make_shared<const std::vector<Change>>(effects.changes)},
                 tables_.filed() + 1, Durability::Later);
    for (const Outgoing& out : effects.messages) {
      wire::encode(out.message, out.tag);
      if (!out.needs_specification) continue;
      assigned = std::get<wire::Assign>(out.message);
      assigned.specification = Specifications(file_).of(assigned.job);
      wire::encode(assigned, 0);
    }
  }

  const char* file_;
  Tables tables_;
  Instant now_{Duration{1'000'000}};
  Core core_;
};

wire::Submit a_submit(uint8_t number, bool needing) {
  wire::Submit submit;
  submit.request.bytes[0] = number;
  submit.repository = "/srv/project";
  submit.ref = "refs/heads/main";
  submit.tip = revision(number);
  const Step step{"test", "true", {{"LANG", "C"}}};
  submit.pipelines = {{{{"p", {step}, {}, {}, Duration{1'000}, "from a file"},
                        {"q", {step, step}, {}, {}, Duration{1'000}, "from a file"}},
                       std::nullopt}};
  if (needing) submit.pipelines[0].jobs[1].needs = {"p"};
  submit.revisions = {{revision(number), 0, 0, "subject", "author"}};
  return submit;
}

void report(Shell& shell, Outcome outcome) {
  wire::AttemptFinished finished;
  finished.boot = shell.assigned.boot;
  finished.job = shell.assigned.job;
  finished.attempt = shell.assigned.attempt;
  finished.outcome = outcome;
  finished.steps = {{"test", 0, 12}};
  shell.say(1, finished);
}

void start_next(Shell& shell, uint8_t worker) {
  wire::Hello hello;
  hello.worker = std::string(1, static_cast<char>('a' + worker));
  hello.boot = boot(worker);
  shell.say(worker, hello);
  shell.say(worker, wire::Ready{boot(worker), 1});
}

// A store with something in every state.
void make_sound_store() {
  Shell shell(kSound);
  shell.say(9, a_submit(1, false));
  for (Outcome outcome : {Outcome::Passed, Outcome::Failed}) {
    start_next(shell, 1);
    report(shell, outcome);
  }
  shell.say(9, a_submit(2, true));
  start_next(shell, 1);
  shell.say(1, wire::Output{boot(1), shell.assigned.job, shell.assigned.attempt, 0}, 100);
  report(shell, Outcome::Broken);
  shell.say(9, a_submit(3, true));
  start_next(shell, 1);
  shell.say(1, wire::Output{boot(1), shell.assigned.job, shell.assigned.attempt, 0}, 100);
  shell.say(9, a_submit(4, false));
  start_next(shell, 2);
  shell.pass(Duration{15'000});  // never accepted
  shell.say(9, wire::Cancel{{}, shell.ledger().last_job(), "not needed"});
  shell.say(9, wire::AdvanceHead{"/srv/project", "refs/heads/main", revision(3)});
}

struct Column {
  const char* table;
  const char* name;
};
constexpr auto kColumns = std::to_array<Column>({
    {"job", "build"},
    {"job", "name"},
    {"job", "specification"},
    {"job", "needs"},
    {"job", "state"},
    {"job", "attempt"},
    {"job", "worker"},
    {"job", "boot"},
    {"job", "losses"},
    {"job", "failures"},
    {"job", "verdict"},
    {"job", "cancel_requested"},
    {"job", "note"},
    {"job", "id"},
    {"job", "state"},
    {"build", "rank"},
    {"build", "repository"},
    {"build", "ref"},
    {"build", "revision"},
    {"build", "again"},
    {"build", "state"},
    {"build", "verdict"},
    {"build", "id"},
    {"build", "submitted_ms"},
    {"attempt", "job"},
    {"attempt", "number"},
    {"attempt", "outcome"},
    {"attempt", "steps"},
    {"attempt", "boot"},
    {"attempt", "output_bytes"},
    {"attempt", "assigned_ms"},
    {"attempt", "finished_ms"},
    {"specification", "body"},
    {"specification", "id"},
    {"event", "sequence"},
    {"event", "kind"},
    {"event", "build"},
    {"event", "job"},
    {"event", "at_ms"},
    {"request", "id"},
    {"request", "digest"},
    {"request", "first_build"},
    {"head", "repository"},
    {"repository", "id"},
    {"repository", "name"},
    {"meta", "value"},
    {"meta", "key"},
});

std::string literal(Input& input) {
  const uint8_t kind = input.byte();
  if (kind < 128) return std::to_string(static_cast<int64_t>(input.number()));
  if (kind < 150) return std::to_string(-static_cast<int64_t>(input.byte()));
  if (kind < 160) return "NULL";
  const std::string bytes = input.bytes(input.byte());
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (char byte : bytes) {
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return kind < 210 ? "CAST(x'" + hex + "' AS TEXT)" : "x'" + hex + "'";
}

// A row that SQLite itself refuses was not written: that is no find.
void overwrite(Input& input) {
  Database database(kUnderTest, OpenMode::ReadWrite);
  for (size_t count = 1 + input.below(4); count > 0; --count) {
    const Column& column = kColumns[input.below(kColumns.size())];
    const std::string table = column.table;
    const std::string key = table == "attempt" ? "job" : table == "meta" ? "key" : "id";
    const uint8_t row = input.byte();
    const std::string where =
        table == "event" || table == "head" || table == "request" || table == "meta"
            ? ""
            : " WHERE " + key + " = (SELECT " + key + " FROM " + table + " LIMIT 1 OFFSET " +
                  std::to_string(row % 8) + ")";
    const std::string sql =
        row >= 250 ? "DELETE FROM " + table + where
                   : "UPDATE " + table + " SET " + column.name + " = " + literal(input) + where;
    sqlite3_exec(database.handle(), sql.c_str(), nullptr, nullptr, nullptr);
  }
}

void copy_sound_store(sqlite3* to) {
  static const Database sound = [] {
    Database kept(kSound, OpenMode::ReadWrite);
    make_sound_store();
    return kept;
  }();
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", sound.handle(), "main");
  FUZZ_REQUIRE(backup != nullptr && sqlite3_backup_step(backup, -1) == SQLITE_DONE);
  FUZZ_REQUIRE(sqlite3_backup_finish(backup) == SQLITE_OK);
}

template <class F>
void works_or_says_why(F&& attempt) {
  try {
    attempt();
  } catch (const StoreError& error) {
    FUZZ_REQUIRE(std::string_view(error.what()).size() > 10);
  }
}

// A little of everything that a broker does with what it read.
void go_on(Input& input) {
  Shell shell(kUnderTest);
  for (size_t i = 0; i < 12 && !input.empty(); ++i) {
    const uint8_t choice = input.byte();
    const auto worker = static_cast<uint8_t>(choice / 8 % 4);
    switch (choice % 8) {
      case 0:
      case 1: start_next(shell, worker); break;
      case 2: report(shell, static_cast<Outcome>(1 + choice / 8 % 6)); break;
      case 3: shell.say(9, a_submit(static_cast<uint8_t>(choice / 8), choice > 128)); break;
      case 4: shell.say(9, wire::Cancel{{input.byte() % 8u}, {}, "not needed"}); break;
      case 5: shell.say(9, wire::QueueStatus{20}); break;
      case 6: {
        const Names names{boot(worker), shell.epoch(), shell.held(),
                          shell.ledger().last_build().value, shell.ledger().last_job().value};
        MessageMaker maker(input, names);
        shell.say(worker, maker.make(input.below(14)), input.byte());
        break;
      }
      default: shell.pass(Duration{10'000 * worker});
    }
  }
}

void ask(Input& input) {
  Reads reads(kUnderTest);
  auto send = [](const wire::Message& message) {
    const wire::EncodedMessage bytes = wire::encode(message, 1);
    FUZZ_REQUIRE(wire::decode(bytes.header, bytes.body).has_value());
  };
  wire::ListBuilds all;
  all.limit = 100;
  works_or_says_why([&] { send(reads.list_builds(all)); });
  for (uint64_t id = 1; id < 5; ++id) {
    works_or_says_why([&] {
      if (auto detail = reads.show_build({{id}, {}, true})) send(*detail);
    });
    works_or_says_why([&] { (void)reads.output_extent({2 * id}, {}); });
  }
  works_or_says_why([&] {
    if (auto detail = reads.show_build({{}, {input.number()}, false})) send(*detail);
  });
  works_or_says_why([&] { send(reads.list_heads({})); });
  works_or_says_why([&] { send(wire::Events{{}, reads.events_after({input.number()}, 100)}); });
}

}  // namespace
}  // namespace seaworthy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seaworthy;
  fuzz::Input input(data, size);
  static const bool uri = sqlite3_config(SQLITE_CONFIG_URI, 1) == SQLITE_OK;
  FUZZ_REQUIRE(uri);
  broker::Database kept(fuzz::kUnderTest, broker::OpenMode::ReadWrite);
  fuzz::copy_sound_store(kept.handle());
  fuzz::overwrite(input);
  fuzz::works_or_says_why([&] { fuzz::go_on(input); });
  fuzz::works_or_says_why([&] { fuzz::ask(input); });
  return 0;
}
