#include "shared/wire/codec.h"

#include <array>
#include <exception>
#include <msgpack.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"

namespace seaworthy::wire {
namespace {

struct TypeName {
  uint16_t number;
  std::string_view name;
};

// In the order of Message's alternatives. Numbers are the protocol's: never changed, never used
// again.
constexpr std::array<TypeName, std::variant_size_v<Message>> kTypes{{
    {1, "Hello"},         {2, "Welcome"},      {3, "Ready"},        {4, "Assign"},
    {5, "Accept"},        {6, "Decline"},      {7, "Heartbeat"},    {8, "HeartbeatOk"},
    {9, "CancelAttempt"}, {10, "Output"},      {11, "OutputOk"},    {12, "AttemptFinished"},
    {13, "Recorded"},     {14, "Goodbye"},     {32, "Submit"},      {33, "SubmitOk"},
    {34, "AdvanceHead"},  {35, "Cancel"},      {36, "CancelOk"},    {37, "Notify"},
    {38, "NotifyOk"},     {39, "AwaitNotice"}, {40, "Notice"},      {41, "Ok"},
    {64, "Ping"},         {65, "Pong"},        {66, "ListHeads"},   {67, "HeadList"},
    {68, "ListBuilds"},   {69, "BuildList"},   {70, "ShowBuild"},   {71, "BuildDetail"},
    {72, "ListWorkers"},  {73, "WorkerList"},  {74, "QueueStatus"}, {75, "QueueStatusOk"},
    {76, "FetchEvents"},  {77, "Events"},      {78, "FetchOutput"}, {79, "OutputData"},
    {80, "Event"},        {127, "Error"},
}};

// ---- the fields of each struct and their keys on the wire: one list for both directions
// --------------------------

template <class F>
void fields(F&& f, HeldAttempt& m) {
  f("job", m.job), f("attempt", m.attempt), f("finished", m.finished);
}
template <class F>
void fields(F&& f, AttemptKey& m) {
  f("job", m.job), f("attempt", m.attempt);
}
template <class F>
void fields(F&& f, Hello& m) {
  f("worker", m.worker), f("boot", m.boot), f("host", m.host), f("pid", m.pid),
      f("version", m.version), f("labels", m.labels), f("held", m.held);
}
template <class F>
void fields(F&& f, KeptAttempt& m) {
  f("job", m.job), f("attempt", m.attempt), f("output_offset", m.output_offset);
}
template <class F>
void fields(F&& f, Timing& m) {
  f("heartbeat_ms", m.heartbeat), f("lease_ms", m.lease), f("grace_ms", m.grace),
      f("reattach_ms", m.reattach), f("accept_ms", m.accept), f("ready_ms", m.ready);
}
template <class F>
void fields(F&& f, Welcome& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("session", m.session), f("timing", m.timing),
      f("output_credit", m.output_credit), f("keep", m.keep), f("gone", m.gone);
}
template <class F>
void fields(F&& f, Ready& m) {
  f("boot", m.boot), f("slots", m.slots);
}
template <class F>
void fields(F&& f, Step& m) {
  f("name", m.name), f("run", m.run), f("env", m.env);
}
template <class F>
void fields(F&& f, JobSpec& m) {
  f("name", m.name), f("steps", m.steps), f("env", m.env), f("needs", m.needs),
      f("timeout_ms", m.timeout), f("origin", m.origin);
}
template <class F>
void fields(F&& f, Assign& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt),
      f("build", m.build), f("repository", m.repository), f("ref", m.ref),
      f("revision", m.revision), f("specification", m.specification);
}
template <class F>
void fields(F&& f, Accept& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt);
}
template <class F>
void fields(F&& f, Decline& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt), f("reason", m.reason);
}
template <class F>
void fields(F&& f, Heartbeat& m) {
  f("boot", m.boot), f("held", m.held), f("load_permille", m.load_permille),
      f("free_disk_bytes", m.free_disk_bytes);
}
template <class F>
void fields(F&& f, HeartbeatOk& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("renewed", m.renewed), f("gone", m.gone),
      f("cancel", m.cancel);
}
template <class F>
void fields(F&& f, CancelAttempt& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt);
}
template <class F>
void fields(F&& f, Output& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt), f("offset", m.offset);
}
template <class F>
void fields(F&& f, OutputOk& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt),
      f("offset", m.offset);
}
template <class F>
void fields(F&& f, StepResult& m) {
  f("name", m.name), f("exit_code", m.exit_code), f("duration_ms", m.duration_ms);
}
template <class F>
void fields(F&& f, AttemptFinished& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt), f("outcome", m.outcome),
      f("detail", m.detail), f("steps", m.steps), f("output_bytes", m.output_bytes),
      f("output_sha256", m.output_sha256), f("output_truncated", m.output_truncated),
      f("first_output_ms", m.first_output);
}
template <class F>
void fields(F&& f, Recorded& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt),
      f("superseded", m.superseded);
}
template <class F>
void fields(F&& f, Goodbye& m) {
  f("boot", m.boot), f("reason", m.reason);
}

template <class F>
void fields(F&& f, Decided& m) {
  f("verdict", m.verdict), f("explanation", m.explanation);
}
template <class F>
void fields(F&& f, Pipeline& m) {
  f("jobs", m.jobs), f("decided", m.decided);
}
template <class F>
void fields(F&& f, Candidate& m) {
  f("revision", m.revision), f("depth", m.depth), f("pipeline", m.pipeline),
      f("subject", m.subject), f("author", m.author);
}
template <class F>
void fields(F&& f, Submit& m) {
  f("request", m.request), f("repository", m.repository), f("ref", m.ref), f("tip", m.tip),
      f("pipelines", m.pipelines), f("revisions", m.revisions), f("again", m.again);
}
template <class F>
void fields(F&& f, SubmittedBuild& m) {
  f("revision", m.revision), f("build", m.build), f("duplicate", m.duplicate);
}
template <class F>
void fields(F&& f, SubmitOk& m) {
  f("builds", m.builds);
}
template <class F>
void fields(F&& f, AdvanceHead& m) {
  f("repository", m.repository), f("ref", m.ref), f("revision", m.revision);
}
template <class F>
void fields(F&& f, Cancel& m) {
  f("build", m.build), f("job", m.job), f("reason", m.reason);
}
template <class F>
void fields(F&& f, CancelOk& m) {
  f("cancelled", m.cancelled);
}
template <class F>
void fields(F&& f, Notify& m) {
  f("repository", m.repository);
}
template <class F>
void fields(F&& f, NotifyOk& m) {
  f("watchers", m.watchers);
}
template <class F>
void fields(F&& f, AwaitNotice& m) {
  f("after", m.after), f("wait_ms", m.wait_ms);
}
template <class F>
void fields(F&& f, Notice& m) {
  f("serial", m.serial), f("all", m.all), f("repositories", m.repositories);
}
template <class F>
void fields(F&&, Ok&) {}

template <class F>
void fields(F&&, Ping&) {}
template <class F>
void fields(F&& f, Pong& m) {
  f("epoch", m.epoch), f("version", m.version), f("pid", m.pid), f("started_ms", m.started),
      f("events_endpoint", m.events_endpoint);
}
template <class F>
void fields(F&& f, ListHeads& m) {
  f("repository", m.repository);
}
template <class F>
void fields(F&& f, Head& m) {
  f("repository", m.repository), f("ref", m.ref), f("revision", m.revision);
}
template <class F>
void fields(F&& f, HeadList& m) {
  f("heads", m.heads);
}
template <class F>
void fields(F&& f, ListBuilds& m) {
  f("repository", m.repository), f("revision", m.revision), f("ref", m.ref), f("limit", m.limit),
      f("before", m.before);
}
template <class F>
void fields(F&& f, BuildRow& m) {
  f("build", m.build), f("rank", m.rank), f("repository", m.repository), f("ref", m.ref),
      f("revision", m.revision), f("subject", m.subject), f("author", m.author),
      f("state", m.state), f("verdict", m.verdict), f("submitted_ms", m.submitted),
      f("started_ms", m.started), f("finished_ms", m.finished);
}
template <class F>
void fields(F&& f, BuildList& m) {
  f("builds", m.builds);
}
template <class F>
void fields(F&& f, ShowBuild& m) {
  f("build", m.build), f("job", m.job), f("with_specifications", m.with_specifications);
}
template <class F>
void fields(F&& f, AttemptRow& m) {
  f("attempt", m.attempt), f("worker", m.worker), f("outcome", m.outcome), f("detail", m.detail),
      f("assigned_ms", m.assigned), f("first_output_ms", m.first_output),
      f("finished_ms", m.finished), f("output_bytes", m.output_bytes),
      f("output_truncated", m.output_truncated), f("steps", m.steps);
}
template <class F>
void fields(F&& f, JobRow& m) {
  f("job", m.job), f("name", m.name), f("state", m.state), f("verdict", m.verdict),
      f("note", m.note), f("why_waiting", m.why_waiting), f("attempts", m.attempts),
      f("specification", m.specification);
}
template <class F>
void fields(F&& f, EventRow& m) {
  f("sequence", m.sequence), f("at_ms", m.at), f("kind", m.kind), f("build", m.build),
      f("job", m.job), f("attempt", m.attempt), f("worker", m.worker), f("detail", m.detail),
      f("repository", m.repository), f("ref", m.ref), f("revision", m.revision),
      f("job_name", m.job_name), f("subject", m.subject), f("duration_ms", m.duration_ms);
}
template <class F>
void fields(F&& f, BuildDetail& m) {
  f("build", m.build), f("jobs", m.jobs), f("timeline", m.timeline);
}
template <class F>
void fields(F&&, ListWorkers&) {}
template <class F>
void fields(F&& f, WorkerRow& m) {
  f("worker", m.worker), f("session", m.session), f("state", m.state), f("labels", m.labels),
      f("job", m.job), f("attempt", m.attempt), f("last_heard_ms", m.last_heard), f("pid", m.pid),
      f("host", m.host), f("version", m.version);
}
template <class F>
void fields(F&& f, WorkerList& m) {
  f("workers", m.workers);
}
template <class F>
void fields(F&& f, QueueStatus& m) {
  f("limit", m.limit);
}
template <class F>
void fields(F&& f, WaitingJob& m) {
  f("job", m.job), f("build", m.build), f("repository", m.repository), f("revision", m.revision),
      f("name", m.name), f("why", m.why);
}
template <class F>
void fields(F&& f, RunningJob& m) {
  f("job", m.job), f("attempt", m.attempt), f("build", m.build), f("repository", m.repository),
      f("revision", m.revision), f("name", m.name), f("worker", m.worker),
      f("assigned_ms", m.assigned);
}
template <class F>
void fields(F&& f, QueueStatusOk& m) {
  f("waiting_count", m.waiting_count), f("running_count", m.running_count),
      f("worker_count", m.worker_count), f("waiting", m.waiting), f("running", m.running);
}
template <class F>
void fields(F&& f, FetchEvents& m) {
  f("after", m.after), f("limit", m.limit), f("wait_ms", m.wait_ms);
}
template <class F>
void fields(F&& f, Events& m) {
  f("last", m.last), f("events", m.events);
}
template <class F>
void fields(F&& f, FetchOutput& m) {
  f("job", m.job), f("attempt", m.attempt), f("offset", m.offset), f("wait_ms", m.wait_ms);
}
template <class F>
void fields(F&& f, OutputData& m) {
  f("job", m.job), f("attempt", m.attempt), f("offset", m.offset), f("total", m.total),
      f("complete", m.complete);
}
template <class F>
void fields(F&& f, Error& m) {
  f("code", m.code), f("message", m.message), f("retryable", m.retryable),
      f("retry_after_ms", m.retry_after_ms);
}

struct AnyField {
  template <class T>
  void operator()(const char*, T&) {}
};
template <class T>
concept HasFields = requires(T& value) {
  fields(AnyField{}, value);
};

// ---- words for enums
// ----------------------------------------------------------------------------------------------

std::optional<EventKind> parse_word(std::string_view word, EventKind) {
  for (int i = 1; i <= static_cast<int>(EventKind::BuildFinished); ++i)
    if (to_string(static_cast<EventKind>(i)) == word) return static_cast<EventKind>(i);
  return std::nullopt;
}
std::optional<ErrorCode> parse_word(std::string_view word, ErrorCode) {
  for (int i = 1; i <= static_cast<int>(ErrorCode::Refused); ++i)
    if (to_string(static_cast<ErrorCode>(i)) == word) return static_cast<ErrorCode>(i);
  return std::nullopt;
}
std::optional<Outcome> parse_word(std::string_view word, Outcome) { return parse_outcome(word); }
std::optional<Verdict> parse_word(std::string_view word, Verdict) { return parse_verdict(word); }
std::optional<State> parse_word(std::string_view word, State) { return parse_state(word); }

// ---- writing
// ------------------------------------------------------------------------------------------------------

using Packer = msgpack::packer<msgpack::sbuffer>;

void write(Packer& p, const std::string& v) {
  p.pack_str(static_cast<uint32_t>(v.size()));
  p.pack_str_body(v.data(), static_cast<uint32_t>(v.size()));
}
template <class T>
requires std::is_arithmetic_v<T>
void write(Packer& p, T v) { p.pack(v); }
template <class T>
requires std::is_enum_v<T>
void write(Packer& p, T v) { p.pack(std::string(to_string(v))); }
void write(Packer& p, Duration v) { p.pack_int64(v.count()); }
void write(Packer& p, UnixMillis v) { p.pack_int64(v.value); }
template <class Tag, class Rep>
void write(Packer& p, Id<Tag, Rep> v) {
  p.pack(v.value);
}
template <class Tag>
void write(Packer& p, const Token128<Tag>& v) {
  p.pack_bin(static_cast<uint32_t>(v.bytes.size()));
  p.pack_bin_body(reinterpret_cast<const char*>(v.bytes.data()),
                  static_cast<uint32_t>(v.bytes.size()));
}
template <class T>
requires HasFields<T>
void write(Packer& p, const T& v);
template <class T>
void write(Packer& p, const std::optional<T>& v) {
  if (v)
    write(p, *v);
  else
    p.pack_nil();
}
template <class T>
void write(Packer& p, const std::vector<T>& v) {
  p.pack_array(static_cast<uint32_t>(v.size()));
  for (const T& item : v) write(p, item);
}
void write(Packer& p, const std::map<std::string, std::string>& v) {
  p.pack_map(static_cast<uint32_t>(v.size()));
  for (const auto& [key, value] : v) write(p, key), write(p, value);
}
template <class T>
requires HasFields<T>
void write(Packer& p, const T& v) {
  T& fields_of = const_cast<T&>(v);  // fields() serves both directions; writing changes nothing
  uint32_t count = 0;
  fields([&count](const char*, auto&) { ++count; }, fields_of);
  p.pack_map(count);
  fields([&p](const char* key, auto& value) { p.pack(key), write(p, value); }, fields_of);
}

// ---- reading. Throws std::exception, which decode() turns into a value.
// -------------------------------------------

[[noreturn]] void wrong(const char* key, const char* expected) {
  throw std::runtime_error(std::string("field '") + key + "' is not " + expected);
}

void read(const msgpack::object& o, const char* key, std::string& v) {
  if (o.type == msgpack::type::STR)
    v.assign(o.via.str.ptr, o.via.str.size);
  else if (o.type == msgpack::type::BIN)
    v.assign(o.via.bin.ptr, o.via.bin.size);
  else
    wrong(key, "a string");
}
template <class T>
requires std::is_arithmetic_v<T>
void read(const msgpack::object& o, const char* key, T& v) {
  try {
    o.convert(v);
  } catch (const msgpack::type_error&) {
    wrong(key, std::is_same_v<T, bool> ? "true or false" : "a whole number in range");
  }
}
template <class T>
requires std::is_enum_v<T>
void read(const msgpack::object& o, const char* key, T& v) {
  std::string word;
  read(o, key, word);
  std::optional<T> parsed = parse_word(word, T{});
  if (!parsed) wrong(key, "a word of its list");
  v = *parsed;
}
void read(const msgpack::object& o, const char* key, Duration& v) {
  int64_t count = 0;
  read(o, key, count);
  if (count < 0) wrong(key, "a duration of 0 or more milliseconds");
  v = Duration{count};
}
void read(const msgpack::object& o, const char* key, UnixMillis& v) { read(o, key, v.value); }
template <class Tag, class Rep>
void read(const msgpack::object& o, const char* key, Id<Tag, Rep>& v) {
  read(o, key, v.value);
}
template <class Tag>
void read(const msgpack::object& o, const char* key, Token128<Tag>& v) {
  if (o.type != msgpack::type::BIN || o.via.bin.size != v.bytes.size()) wrong(key, "16 bytes");
  std::copy_n(reinterpret_cast<const uint8_t*>(o.via.bin.ptr), v.bytes.size(), v.bytes.begin());
}
template <class T>
requires HasFields<T>
void read(const msgpack::object& o, const char* key, T& v);
template <class T>
void read(const msgpack::object& o, const char* key, std::optional<T>& v) {
  if (o.type == msgpack::type::NIL)
    v.reset();
  else
    read(o, key, v.emplace());
}
template <class T>
void read(const msgpack::object& o, const char* key, std::vector<T>& v) {
  if (o.type != msgpack::type::ARRAY) wrong(key, "an array");
  v.clear();
  v.reserve(o.via.array.size);
  for (uint32_t i = 0; i < o.via.array.size; ++i) read(o.via.array.ptr[i], key, v.emplace_back());
}
void read(const msgpack::object& o, const char* key, std::map<std::string, std::string>& v) {
  if (o.type != msgpack::type::MAP) wrong(key, "a map");
  v.clear();
  for (uint32_t i = 0; i < o.via.map.size; ++i) {
    std::string name, value;
    read(o.via.map.ptr[i].key, key, name);
    read(o.via.map.ptr[i].val, key, value);
    v.emplace(std::move(name), std::move(value));
  }
}

// Fields arrive in the order we list them when the peer is of our version: the search starts where
// the last one hit.
class MapReader {
 public:
  explicit MapReader(const msgpack::object_map& map) : map_(map) {}
  template <class T>
  void operator()(const char* key, T& value) {
    for (uint32_t i = 0; i < map_.size; ++i) {
      const msgpack::object_kv& entry = map_.ptr[(next_ + i) % map_.size];
      if (entry.key.type != msgpack::type::STR ||
          std::string_view(entry.key.via.str.ptr, entry.key.via.str.size) != key)
        continue;
      read(entry.val, key, value);
      next_ = (next_ + i + 1) % map_.size;
      return;
    }
  }

 private:
  const msgpack::object_map& map_;
  uint32_t next_ = 0;
};

template <class T>
requires HasFields<T>
void read(const msgpack::object& o, const char* key, T& v) {
  if (o.type != msgpack::type::MAP) wrong(key, "a map");
  fields(MapReader(o.via.map), v);
}

// A body is never larger than a frame, so no count in it can be either: without limits five bytes
// ask for 100 GB.
const msgpack::unpack_limit kUnpackLimit(/*array*/ 16'384, /*map*/ 4'096,
                                         /*str*/ limits::kMessageBytes,
                                         /*bin*/ limits::kMessageBytes, /*ext*/ 0, /*depth*/ 12);

msgpack::object_handle unpack_whole(std::string_view bytes) {
  size_t offset = 0;
  msgpack::object_handle handle =
      msgpack::unpack(bytes.data(), bytes.size(), offset, nullptr, nullptr, kUnpackLimit);
  if (offset != bytes.size()) throw std::runtime_error("bytes after the end of the body");
  return handle;
}

template <class T>
std::string to_bytes(const T& value) {
  msgpack::sbuffer buffer;
  Packer packer(buffer);
  write(packer, value);
  return {buffer.data(), buffer.size()};
}

template <class T>
Result<T> from_bytes(std::string_view bytes, const char* what) {
  try {
    T value;
    read(unpack_whole(bytes).get(), what, value);
    return value;
  } catch (const std::exception& error) {
    return Unexpected{std::string(what) + " cannot be read: " + error.what()};
  }
}

// ---- the header
// ---------------------------------------------------------------------------------------------------

template <class T>
void put_big_endian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xff));
}
template <class T>
T get_big_endian(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[at + i]));
  return value;
}

// Reads the body into the alternative at `index`, found by walking the alternatives at compile
// time.
template <size_t... kIndex>
void read_alternative(size_t index, const msgpack::object& o, Message& message,
                      std::index_sequence<kIndex...>) {
  ((index == kIndex ? read(o, kTypes[kIndex].name.data(), message.emplace<kIndex>()) : void()),
   ...);
}

}  // namespace

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::BuildSubmitted: return "build_submitted";
    case EventKind::AttemptAssigned: return "attempt_assigned";
    case EventKind::AttemptReattached: return "attempt_reattached";
    case EventKind::AttemptReturned: return "attempt_returned";
    case EventKind::AttemptLost: return "attempt_lost";
    case EventKind::AttemptAdopted: return "attempt_adopted";
    case EventKind::AttemptFinished: return "attempt_finished";
    case EventKind::AttemptSuperseded: return "attempt_superseded";
    case EventKind::CancelRequested: return "cancel_requested";
    case EventKind::JobFinished: return "job_finished";
    case EventKind::BuildFinished: return "build_finished";
  }
  return "unknown";
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::BadMessage: return "bad_message";
    case ErrorCode::UnknownType: return "unknown_type";
    case ErrorCode::WrongVersion: return "wrong_version";
    case ErrorCode::NoSession: return "no_session";
    case ErrorCode::NotFound: return "not_found";
    case ErrorCode::Conflict: return "conflict";
    case ErrorCode::Overloaded: return "overloaded";
    case ErrorCode::Refused: return "refused";
  }
  return "unknown";
}

std::string_view name_of(const Message& message) { return kTypes[message.index()].name; }

EncodedMessage encode(const Message& message, uint64_t tag) {
  EncodedMessage out;
  out.body = std::visit([](const auto& m) { return to_bytes(m); }, message);
  out.header.reserve(kHeaderBytes);
  out.header.append(kMagic);
  put_big_endian<uint8_t>(out.header, kMajor);
  put_big_endian<uint8_t>(out.header, kMinor);
  put_big_endian<uint16_t>(out.header, kTypes[message.index()].number);
  put_big_endian<uint32_t>(out.header, static_cast<uint32_t>(out.body.size()));
  put_big_endian<uint64_t>(out.header, tag);
  return out;
}

Result<Envelope, DecodeError> decode(std::string_view header, std::string_view body) {
  if (header.size() != kHeaderBytes || !header.starts_with(kMagic))
    return Unexpected{
        DecodeError{ErrorCode::BadMessage, "the first frame is not a Seaworthy header", 0}};
  Envelope envelope;
  envelope.tag = get_big_endian<uint64_t>(header, 12);
  auto refuse = [&](ErrorCode code, std::string reason) {
    return Unexpected{DecodeError{code, std::move(reason), envelope.tag}};
  };
  if (uint8_t major = get_big_endian<uint8_t>(header, 4); major != kMajor)
    return refuse(ErrorCode::WrongVersion,
                  "protocol version " + std::to_string(major) + " is not spoken here, only " +
                      std::to_string(kMajor) + ": use programs of one release");
  if (get_big_endian<uint32_t>(header, 8) != body.size())
    return refuse(ErrorCode::BadMessage, "the header's body length is not the body's");
  uint16_t type = get_big_endian<uint16_t>(header, 6);
  size_t index = 0;
  while (index < kTypes.size() && kTypes[index].number != type) ++index;
  if (index == kTypes.size())
    return refuse(ErrorCode::UnknownType, "message type " + std::to_string(type) + " is not known");
  try {
    msgpack::object_handle handle = unpack_whole(body);
    read_alternative(index, handle.get(), envelope.message,
                     std::make_index_sequence<std::variant_size_v<Message>>{});
  } catch (const std::exception& error) {
    return refuse(ErrorCode::BadMessage,
                  std::string(kTypes[index].name) + " cannot be read: " + error.what());
  }
  return envelope;
}

std::string encode_specification(const JobSpec& specification) { return to_bytes(specification); }
Result<JobSpec> decode_specification(std::string_view bytes) {
  return from_bytes<JobSpec>(bytes, "specification");
}
std::string encode_steps(const std::vector<StepResult>& steps) { return to_bytes(steps); }
Result<std::vector<StepResult>> decode_steps(std::string_view bytes) {
  return from_bytes<std::vector<StepResult>>(bytes, "steps");
}

}  // namespace seaworthy::wire
