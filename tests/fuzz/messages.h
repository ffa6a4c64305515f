// MessageMaker makes messages of every type out of choices: field by field, with values that are
// near enough to those of a real conversation to get past its first checks. Random bytes would
// never do. `Names` says which jobs and boots there are; a field may still be anything.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "shared/wire/fields.h"
#include "shared/wire/message.h"
#include "tests/fuzz/input.h"

namespace seaworthy::fuzz {

// What the conversation is about at the moment.
struct Names {
  BootId boot;                       // of whom the message is from, or for
  Epoch epoch;                       // of the broker
  std::vector<AttemptKey> attempts;  // those there are
  uint64_t last_build = 0;
  uint64_t last_job = 0;
};

inline BootId boot(uint8_t number) {
  BootId id;
  id.bytes[0] = number;
  return id;
}

inline std::string revision(uint8_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string(38, 'a') + kDigits[number >> 4] + kDigits[number & 15];
}

class MessageMaker {
 public:
  MessageMaker(Input& input, const Names& names) : input_(input), names_(names) {}

  // A message of the type with this place in wire::Message.
  wire::Message make(size_t type) {
    return make(type, std::make_index_sequence<std::variant_size_v<wire::Message>>{});
  }
  template <class M>
  M make() {
    M message;
    value("", message);
    return message;
  }

  template <class T>
  void operator()(const char* key, T& field) {
    value(key, field);
  }

 private:
  template <size_t... kIndex>
  wire::Message make(size_t type, std::index_sequence<kIndex...>) {
    wire::Message message;
    ((type == kIndex ? value("", message.emplace<kIndex>()) : void()), ...);
    return message;
  }

  void value(const char* key, std::string& v) { v = text(key); }
  void value(const char*, bool& v) { v = input_.byte() % 2 != 0; }
  template <class T>
  requires std::is_integral_v<T>
  void value(const char* key, T& v) {
    // Most attempts write nothing, or an outcome would wait for output that nobody sends.
    const bool none = std::string_view(key) == "output_bytes" && input_.byte() < 160;
    v = none ? T{0} : static_cast<T>(input_.number());
  }
  void value(const char*, Outcome& v) { v = pick(Outcome::Broken); }
  void value(const char*, Verdict& v) { v = pick(Verdict::Inconclusive); }
  void value(const char*, State& v) { v = pick(State::Finished); }
  void value(const char*, Priority& v) { v = pick(Priority::High); }
  void value(const char*, TestVerdict& v) { v = pick(TestVerdict::Error); }
  void value(const char*, wire::Bytes& v) { v.data = text("bytes"); }
  void value(const char*, wire::EventKind& v) { v = pick(wire::EventKind::BuildFinished); }
  void value(const char*, wire::ErrorCode& v) { v = pick(wire::ErrorCode::Refused); }
  template <class E>
  E pick(E last) {
    return static_cast<E>(1 + input_.below(static_cast<size_t>(last)));
  }
  void value(const char*, Duration& v) { v = Duration{static_cast<int64_t>(input_.number() >> 1)}; }
  void value(const char*, UnixMillis& v) { v = {static_cast<int64_t>(input_.number())}; }
  void value(const char*, JobId& v) {
    const uint8_t choice = input_.byte();
    chosen_ = {};
    if (choice < 200 && !names_.attempts.empty()) {
      chosen_ = names_.attempts[choice % names_.attempts.size()];
      v = chosen_.job;
    } else {
      v = {choice < 220 ? names_.last_job + choice % 3 : input_.number()};
    }
  }
  void value(const char*, AttemptNumber& v) {
    const uint8_t choice = input_.byte();
    if (choice < 200)
      v = chosen_.attempt;
    else
      v = {static_cast<uint32_t>(choice < 230 ? chosen_.attempt.value + choice - 210
                                              : input_.number())};
  }
  void value(const char*, BuildId& v) {
    const uint8_t choice = input_.byte();
    v = {choice < 200 ? names_.last_build - choice % 4 : input_.number()};
  }
  void value(const char*, Epoch& v) {
    const uint8_t choice = input_.byte();
    v = {choice < 200 ? names_.epoch.value : names_.epoch.value + choice - 210};
  }
  void value(const char*, wire::Message&) = delete;
  void value(const char*, BootId& v) {
    const uint8_t choice = input_.byte();
    v = choice < 220 ? names_.boot : boot(choice % 8);
  }
  void value(const char*, RequestId& v) { v.bytes[3] = static_cast<uint8_t>(input_.byte() % 64); }
  template <class Tag, class Rep>
  void value(const char*, Id<Tag, Rep>& v) {
    v.value = static_cast<Rep>(input_.number());
  }
  template <class T>
  void value(const char* key, std::optional<T>& v) {
    if (input_.byte() % 4 == 3) value(key, v.emplace());
  }
  template <class T>
  void value(const char* key, std::vector<T>& v) {
    const uint8_t choice = input_.byte();
    size_t count = choice % 4;
    if (choice > 250) count = choice;
    while (v.size() < count) value(key, v.emplace_back());
  }
  void value(const char*, std::map<std::string, std::string>& v) {
    for (size_t count = input_.byte() % 3; count > 0; --count) v[text("env")] = text("env");
  }
  template <class T>
  requires requires(T& v, MessageMaker& maker) { wire::fields(maker, v); }
  void value(const char*, T& v) { wire::fields(*this, v); }

  std::string text(std::string_view key) {
    const uint8_t choice = input_.byte();
    if (choice >= 240) return std::string(choice == 255 ? 5'000 : choice - 239, 'x');
    if (choice >= 230) return input_.bytes(input_.byte());
    if (key == "worker") return std::string(1, static_cast<char>('a' + choice % 4));
    if (key == "revision" || key == "tip") return revision(choice % 32);
    if (key == "repository") return choice % 4 == 3 ? "/srv/other" : "/srv/project";
    if (key == "ref") return choice % 4 == 3 ? "refs/heads/topic" : "refs/heads/main";
    if (key == "name" || key == "needs") return std::string(1, static_cast<char>('p' + choice % 6));
    return std::string(choice % 3, 't');
  }

  Input& input_;
  const Names& names_;
  AttemptKey chosen_;  // the job that the message named last
};

}  // namespace seaworthy::fuzz
