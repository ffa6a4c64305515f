#include "shared/wire/codec.h"

#include <array>
#include <exception>
#include <msgpack.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "shared/wire/fields.h"

namespace seaworthy::wire {
namespace {

struct TypeName {
  uint16_t number;
  std::string_view name;
};

// In the order of Message's alternatives. Numbers are the protocol's: never changed, never used
// again.
constexpr std::array<TypeName, std::variant_size_v<Message>> kTypes{{
    {1, "Hello"},
    {2, "Welcome"},
    {3, "Ready"},
    {4, "Assign"},
    {5, "Accept"},
    {6, "Decline"},
    {7, "Heartbeat"},
    {8, "HeartbeatOk"},
    {9, "CancelAttempt"},
    {10, "Output"},
    {11, "OutputOk"},
    {12, "AttemptFinished"},
    {13, "Recorded"},
    {14, "Goodbye"},
    {32, "Submit"},
    {33, "SubmitOk"},
    {34, "AdvanceHead"},
    {35, "Cancel"},
    {36, "CancelOk"},
    {37, "Notify"},
    {38, "NotifyOk"},
    {39, "AwaitNotice"},
    {40, "Notice"},
    {41, "Ok"},
    {64, "Ping"},
    {65, "Pong"},
    {66, "ListHeads"},
    {67, "HeadList"},
    {68, "ListBuilds"},
    {69, "BuildList"},
    {70, "ShowBuild"},
    {71, "BuildDetail"},
    {72, "ListWorkers"},
    {73, "WorkerList"},
    {74, "QueueStatus"},
    {75, "QueueStatusOk"},
    {76, "FetchEvents"},
    {77, "Events"},
    {78, "FetchOutput"},
    {79, "OutputData"},
    {80, "Event"},
    {127, "Error"},
    {42, "AwaitDemand"},
    {43, "Demand"},
    {50, "SaveCursor"},
    {90, "FetchCursor"},
    {91, "Cursor"},
    {96, "ListTests"},
    {97, "TestList"},
    {98, "TestHistory"},
    {99, "TestRuns"},
    {44, "DrainWorker"},
    {45, "PauseRepository"},
    {82, "FetchMetrics"},
    {83, "Metrics"},
}};

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
std::optional<Priority> parse_word(std::string_view word, Priority) { return parse_priority(word); }
std::optional<TestVerdict> parse_word(std::string_view word, TestVerdict) {
  return parse_test_verdict(word);
}

// ---- writing

// What the packer writes to; msgpack's own buffer begins with eight kilobytes, and is copied.
struct PackedBytes {
  std::string bytes;
  void write(const char* data, size_t size) { bytes.append(data, size); }
};
using Packer = msgpack::packer<PackedBytes>;

void write(Packer& p, const std::string& v) {
  p.pack_str(static_cast<uint32_t>(v.size()));
  p.pack_str_body(v.data(), static_cast<uint32_t>(v.size()));
}
void write(Packer& p, const Bytes& v) {
  p.pack_bin(static_cast<uint32_t>(v.data.size()));
  p.pack_bin_body(v.data.data(), static_cast<uint32_t>(v.data.size()));
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
void read(const msgpack::object& o, const char* key, Bytes& v) { read(o, key, v.data); }
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

constexpr size_t kZoneBytes = 960;  // at first: malloc has such pieces at hand

// The object's texts stay where they are in `bytes`; the rest is in the zone.
msgpack::object unpack_whole(std::string_view bytes, msgpack::zone& zone) {
  const auto stays = [](msgpack::type::object_type, size_t, void*) { return true; };
  size_t offset = 0;
  bool some_stayed = false;
  const msgpack::object object = msgpack::unpack(zone, bytes.data(), bytes.size(), offset,
                                                 some_stayed, stays, nullptr, kUnpackLimit);
  if (offset != bytes.size()) throw std::runtime_error("bytes after the end of the body");
  return object;
}

template <class T>
std::string to_bytes(const T& value) {
  PackedBytes packed;
  Packer packer(packed);
  write(packer, value);
  return std::move(packed.bytes);
}

template <class T>
Result<T> from_bytes(std::string_view bytes, const char* what) {
  try {
    T value;
    msgpack::zone zone(kZoneBytes);
    read(unpack_whole(bytes, zone), what, value);
    return value;
  } catch (const std::exception& error) {
    return Unexpected{std::string(what) + " cannot be read: " + error.what()};
  }
}

// ---- the header

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
    msgpack::zone zone(kZoneBytes);
    read_alternative(index, unpack_whole(body, zone), envelope.message,
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
std::string encode_tests(const TestColumns& tests) { return to_bytes(tests); }
Result<TestColumns> decode_tests(std::string_view bytes) {
  return from_bytes<TestColumns>(bytes, "a report of tests");
}

}  // namespace seaworthy::wire
