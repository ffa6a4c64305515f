// The codec against bytes: whatever decodes is written to bytes that decode to the same bytes
// again, and what we can say ourselves always decodes. The first byte chooses what the rest is.
#include <variant>

#include "shared/wire/codec.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/require.h"

namespace seaworthy::fuzz {
namespace {

void decode_and_return(std::string_view header, std::string_view body) {
  Result<wire::Envelope, wire::DecodeError> first = wire::decode(header, body);
  if (!first) {
    FUZZ_REQUIRE(!first.error().reason.empty());
    return;
  }
  const wire::EncodedMessage written = wire::encode(first->message, first->tag);
  Result<wire::Envelope, wire::DecodeError> second = wire::decode(written.header, written.body);
  FUZZ_REQUIRE(second.has_value());
  FUZZ_REQUIRE(second->message.index() == first->message.index() && second->tag == first->tag);
  const wire::EncodedMessage again = wire::encode(second->message, second->tag);
  FUZZ_REQUIRE(again.header == written.header && again.body == written.body);
}

// A body under the right header: what a peer's library would send.
void decode_body(Input input) {
  wire::EncodedMessage message = wire::encode(wire::Ok{}, 7);
  message.header[7] = static_cast<char>(input.byte());
  const std::string_view body = input.rest();
  for (size_t i = 0; i < 4; ++i)
    message.header[8 + i] = static_cast<char>(body.size() >> (24 - 8 * i) & 0xff);
  decode_and_return(message.header, body);
}

void decode_frames(Input input) {
  const std::string header = input.bytes(wire::kHeaderBytes);
  decode_and_return(header, input.rest());
}

// Everything that the programs can say.
void say(Input input) {
  const Names names{boot(1), {3}, {{{5}, {1}}, {{6}, {2}}}, 4, 6};
  MessageMaker maker(input, names);
  const wire::Message message = maker.make(input.below(std::variant_size_v<wire::Message>));
  const wire::EncodedMessage written = wire::encode(message, 7);
  Result<wire::Envelope, wire::DecodeError> read = wire::decode(written.header, written.body);
  FUZZ_REQUIRE(read.has_value());
  FUZZ_REQUIRE(read->message.index() == message.index());
  FUZZ_REQUIRE(wire::encode(read->message, 7).body == written.body);
}

void decode_stored(Input input) {
  if (Result<JobSpec> read = wire::decode_specification(input.rest())) {
    const std::string written = wire::encode_specification(*read);
    Result<JobSpec> second = wire::decode_specification(written);
    FUZZ_REQUIRE(second && *second == *read);
  }
  if (Result<std::vector<wire::StepResult>> read = wire::decode_steps(input.rest())) {
    const std::string written = wire::encode_steps(*read);
    Result<std::vector<wire::StepResult>> second = wire::decode_steps(written);
    FUZZ_REQUIRE(second && wire::encode_steps(*second) == written);
  }
}

}  // namespace
}  // namespace seaworthy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seaworthy::fuzz;
  Input input(data, size);
  switch (input.below(4)) {
    case 0: decode_body(input); break;
    case 1: decode_frames(input); break;
    case 2: say(input); break;
    default: decode_stored(input); break;
  }
  return 0;
}
