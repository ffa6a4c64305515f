// The codec turns messages into frames and back, and is the only place that knows msgpack.
// A message is two frames, header and body, and a third where there is a blob. The header has 20
// bytes:
//
//   0      4       5       6      8             12            20
//   | SWTY | major | minor | type | body length | tag         |     integers big-endian
//
// The header is checked before a byte of the body is looked at; the body is a msgpack map with
// short names as keys, unpacked with limits. Unknown keys are ignored, missing ones keep the
// struct's default. Never throws.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/wire/message.h"
#include "shared/wire/test_columns.h"

namespace seaworthy::wire {

inline constexpr std::string_view kMagic = "SWTY";
inline constexpr uint8_t kMajor = 1;
inline constexpr uint8_t kMinor = 0;
inline constexpr size_t kHeaderBytes = 20;

struct EncodedMessage {
  std::string header;  // kHeaderBytes
  std::string body;
};

struct DecodeError {
  ErrorCode code = ErrorCode::BadMessage;
  std::string reason;
  uint64_t tag = 0;  // of the message, if the header was readable
};

EncodedMessage encode(const Message& message, uint64_t tag);

// The message and its tag; the blob stays with the caller.
Result<Envelope, DecodeError> decode(std::string_view header, std::string_view body);

// The name of the message's type, as docs/protocol.md spells it.
std::string_view name_of(const Message& message);

// For what is stored rather than sent: the same bytes as in a message.
std::string encode_specification(const JobSpec& specification);
Result<JobSpec> decode_specification(std::string_view bytes);
std::string encode_steps(const std::vector<StepResult>& steps);
Result<std::vector<StepResult>> decode_steps(std::string_view bytes);
std::string encode_tests(const TestColumns& tests);
Result<TestColumns> decode_tests(std::string_view bytes);

}  // namespace seaworthy::wire
