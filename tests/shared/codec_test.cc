#include "shared/wire/codec.h"

#include <msgpack.hpp>

#include "shared/model/limits.h"
#include "shared/wire/fields.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::wire;

namespace {

// Gives every field, however deep, a value that is not its default.
class Filler {
 public:
  template <class T>
  void operator()(const char*, T& field) {
    fill(field);
  }

 private:
  void fill(std::string& v) { v = "text " + std::to_string(++count_); }
  void fill(bool& v) { v = !v; }
  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) void fill(T& v) {
    v = static_cast<T>(100 + ++count_);
  }
  void fill(Duration& v) { v = Duration{1000 + ++count_}; }
  void fill(UnixMillis& v) { v.value = 1'700'000'000'000 + ++count_; }
  template <class Tag, class Rep>
  void fill(Id<Tag, Rep>& v) {
    v.value = static_cast<Rep>(++count_);
  }
  template <class Tag>
  void fill(Token128<Tag>& v) {
    for (uint8_t& byte : v.bytes) byte = static_cast<uint8_t>(++count_);
  }
  void fill(Outcome& v) { v = Outcome::Lost; }
  void fill(Verdict& v) { v = Verdict::Flaky; }
  void fill(State& v) { v = State::Running; }
  void fill(Priority& v) { v = Priority::High; }
  void fill(TestVerdict& v) { v = TestVerdict::Error; }
  void fill(Bytes& v) { v.data = std::string("\xff\0\x80", 3) + std::to_string(++count_); }
  void fill(EventKind& v) { v = EventKind::AttemptLost; }
  void fill(ErrorCode& v) { v = ErrorCode::Conflict; }
  void fill(std::map<std::string, std::string>& v) { v = {{"A", "b"}, {"C", ""}}; }
  template <class T>
  void fill(std::optional<T>& v) {
    fill(v.emplace());
  }
  template <class T>
  void fill(std::vector<T>& v) {
    v.resize(2);
    for (T& item : v) fill(item);
  }
  template <class T>
  requires std::is_class_v<T>
  void fill(T& v) { fields(*this, v); }

  int count_ = 0;
};

template <size_t kIndex = 0, class F>
void for_each_message(F&& f) {
  if constexpr (kIndex < std::variant_size_v<Message>) {
    f(std::in_place_index<kIndex>);
    for_each_message<kIndex + 1>(f);
  }
}

DecodeError error_of(std::string_view header, std::string_view body) {
  auto decoded = decode(header, body);
  REQUIRE_FALSE(decoded);
  return decoded.error();
}

// The header of a message of this body, so that only the body is wrong.
std::string header_for(const Message& message, size_t body_bytes, uint64_t tag = 7) {
  std::string header = encode(message, tag).header;
  for (size_t i = 0; i < 4; ++i)
    header[8 + i] = static_cast<char>(body_bytes >> (24 - 8 * i) & 0xff);
  return header;
}

Result<Envelope, DecodeError> decode_body(const Message& message, const std::string& body) {
  return decode(header_for(message, body.size()), body);
}

}  // namespace

TEST_CASE("every message comes back with every field, and with its tag") {
  for_each_message([]<size_t kIndex>(std::in_place_index_t<kIndex> index) {
    Message filled(index);
    Filler filler;
    fields(filler, std::get<kIndex>(filled));
    EncodedMessage sent = encode(filled, 42);
    INFO(name_of(filled));
    REQUIRE(sent.header.size() == kHeaderBytes);
    auto received = decode(sent.header, sent.body);
    INFO((received ? std::string() : received.error().reason));
    REQUIRE(received);
    CHECK(received->tag == 42);
    CHECK(received->message.index() == kIndex);
    CHECK(encode(received->message, 42).body == sent.body);
  });
}

TEST_CASE("every message of defaults comes back") {
  for_each_message([]<size_t kIndex>(std::in_place_index_t<kIndex> index) {
    Message empty(index);
    EncodedMessage sent = encode(empty, 0);
    auto received = decode(sent.header, sent.body);
    INFO(name_of(empty));
    REQUIRE(received);
    CHECK(encode(received->message, 0).body == sent.body);
  });
}

TEST_CASE("an empty body of any type is a message of defaults") {
  for_each_message([]<size_t kIndex>(std::in_place_index_t<kIndex> index) {
    Message empty(index);
    auto received = decode_body(empty, "\x80");
    INFO(name_of(empty));
    REQUIRE(received);
    CHECK(encode(received->message, 0).body == encode(empty, 0).body);
  });
}

TEST_CASE("a message cut anywhere is an error, never a crash") {
  Hello hello;
  Filler filler;
  fields(filler, hello);
  EncodedMessage sent = encode(hello, 7);
  for (size_t length = 0; length < sent.body.size(); ++length) {
    std::string_view body(sent.body.data(), length);
    CHECK_FALSE(decode(sent.header, body));
    CHECK_FALSE(decode(header_for(hello, length), body));
  }
  for (size_t length = 0; length < kHeaderBytes; ++length)
    CHECK_FALSE(decode(std::string_view(sent.header.data(), length), sent.body));
}

TEST_CASE("a message with any one byte changed is a message or an error, never a crash") {
  Submit submit;
  Filler filler;
  fields(filler, submit);
  EncodedMessage sent = encode(submit, 7);
  size_t decoded = 0;
  for (size_t i = 0; i < sent.body.size(); ++i)
    for (int flip : {0x01, 0x80, 0xff}) {
      std::string body = sent.body;
      body[i] = static_cast<char>(body[i] ^ flip);
      decoded += decode(sent.header, body) ? 1u : 0u;
    }
  CHECK(decoded > 0);
}

TEST_CASE("garbage instead of a header is a bad message") {
  for (const char* garbage : {"", "GET / HTTP/1.1\r\n\r\n...", "SWTY", "01234567890123456789"})
    CHECK(error_of(garbage, "\x80").code == ErrorCode::BadMessage);
}

TEST_CASE("another major version is refused with advice, another minor one is not") {
  EncodedMessage sent = encode(Ping{}, 9);
  sent.header[5] = 99;
  CHECK(decode(sent.header, sent.body));
  sent.header[4] = 2;
  DecodeError error = error_of(sent.header, sent.body);
  CHECK(error.code == ErrorCode::WrongVersion);
  CHECK(error.tag == 9);
  CHECK(error.reason.find("programs of one release") != std::string::npos);
}

TEST_CASE("an unknown type is named as such, with its tag") {
  EncodedMessage sent = encode(Ping{}, 9);
  sent.header[6] = 0x7f;
  CHECK(error_of(sent.header, sent.body).code == ErrorCode::UnknownType);
  CHECK(error_of(sent.header, sent.body).tag == 9);
}

TEST_CASE("a body of another length than the header says is a bad message") {
  EncodedMessage sent = encode(Ping{}, 9);
  CHECK(error_of(sent.header, sent.body + "x").code == ErrorCode::BadMessage);
  CHECK(error_of(header_for(Ping{}, 2), sent.body + "x").code == ErrorCode::BadMessage);
}

TEST_CASE("keys of a newer release are passed over") {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(3);
  packer.pack(std::string("colour")), packer.pack_array(1), packer.pack(std::string("red"));
  packer.pack(std::string("repository")), packer.pack(std::string("/repo"));
  packer.pack(5), packer.pack(6);
  auto received = decode_body(Notify{}, {buffer.data(), buffer.size()});
  REQUIRE(received);
  CHECK(std::get<Notify>(received->message).repository == "/repo");
}

TEST_CASE("a field of the wrong kind is an error that names it") {
  auto with = [](const char* key, auto value) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> packer(buffer);
    packer.pack_map(1);
    packer.pack(std::string(key)), packer.pack(value);
    return std::string(buffer.data(), buffer.size());
  };
  struct Case {
    Message message;
    std::string body;
    const char* named;
  };
  for (const Case& wrong :
       {Case{Notify{}, with("repository", 5), "'repository' is not a string"},
        Case{Hello{}, with("pid", -1), "'pid' is not a whole number"},
        Case{Hello{}, with("pid", 1ull << 40), "'pid' is not a whole number"},
        Case{Hello{}, with("pid", std::string("x")), "'pid' is not a whole"},
        Case{Hello{}, with("boot", std::string("x")), "'boot' is not 16 bytes"},
        Case{Hello{}, with("labels", 1), "'labels' is not an array"},
        Case{Assign{}, with("specification", 1), "'specification' is not a map"},
        Case{Submit{}, with("again", 1), "'again' is not true or false"},
        Case{AttemptFinished{}, with("outcome", std::string("won")),
             "'outcome' is not a word of its list"}}) {
    auto received = decode_body(wrong.message, wrong.body);
    INFO(wrong.named);
    REQUIRE_FALSE(received);
    CHECK(received.error().reason.find(wrong.named) != std::string::npos);
    CHECK(received.error().tag == 7);
  }
}

TEST_CASE("a body that is no map is an error") {
  for (const char* body : {"\x01", "\x90", "\xc0", "\xa1x", "\xc1"})
    CHECK_FALSE(decode_body(Ping{}, body));
  CHECK_FALSE(decode_body(Ping{}, ""));
}

TEST_CASE("bombs of depth and of announced sizes are refused at once") {
  CHECK_FALSE(decode_body(Ping{}, std::string(100'000, '\x91')));
  CHECK_FALSE(decode_body(Ping{}, std::string("\xdf\xff\xff\xff\xff", 5)));
  CHECK_FALSE(decode_body(Ping{}, std::string("\xdd\xff\xff\xff\xff", 5)));
  CHECK_FALSE(decode_body(Ping{}, std::string("\xdb\xff\xff\xff\xff", 5)));
  CHECK_FALSE(decode_body(Ping{}, std::string("\x81\xa1x\xdc\x7f\xff", 6)));
}

TEST_CASE("bytes after the body are an error") { CHECK_FALSE(decode_body(Ping{}, "\x80\x80")); }

TEST_CASE("a specification that is stored comes back, and garbage is an error") {
  JobSpec job;
  Filler filler;
  fields(filler, job);
  auto back = decode_specification(encode_specification(job));
  REQUIRE(back);
  CHECK(*back == job);
  CHECK_FALSE(decode_specification("garbage"));
  CHECK_FALSE(decode_specification(""));
  auto steps = decode_steps(encode_steps({{"make", 2, 17}}));
  REQUIRE(steps);
  REQUIRE(steps->size() == 1);
  CHECK(steps->front().exit_code == 2);
  CHECK_FALSE(decode_steps("\x81"));
}

TEST_CASE("a message whose type is known has the name that the protocol gives it") {
  CHECK(name_of(Hello{}) == "Hello");
  CHECK(name_of(EventRow{}) == "Event");
  CHECK(name_of(Error{}) == "Error");
}

TEST_CASE("output of a worker that knows no times is read as having none") {
  msgpack::sbuffer body;
  msgpack::packer<msgpack::sbuffer> packer(body);
  packer.pack_map(1);
  packer.pack(std::string("offset"));
  packer.pack(12);
  const std::string bytes(body.data(), body.size());
  const auto decoded = decode(header_for(Output{}, bytes.size()), bytes);
  REQUIRE(decoded);
  CHECK(std::get<Output>(decoded->message).offset == 12);
  CHECK(std::get<Output>(decoded->message).times.empty());
}

TEST_CASE("a time that is not told is not the time of the start") {
  const Output output{{}, JobId{1}, AttemptNumber{1}, 5, {{5, 0}, {7, std::nullopt}}};
  const EncodedMessage encoded = encode(output, 1);
  const auto decoded = decode(encoded.header, encoded.body);
  REQUIRE(decoded);
  CHECK(std::get<Output>(decoded->message).times == output.times);
}
