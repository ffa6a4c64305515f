#include "broker/journal/change_codec.h"

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>

#include "broker/journal/store_error.h"
#include "shared/wire/codec.h"

namespace seaworthy::broker {
namespace {

// Of the lists below, and of the order of ChangeBody's alternatives.
constexpr uint64_t kChangesVersion = 1;

[[noreturn]] void refuse(const std::string& why) {
  throw StoreError("cannot use the store: a record of its log " + why +
                   ": the file was damaged or changed by another program; restore a copy of the "
                   "store (docs/storage.md)");
}

// ---- what is written of each, in order; what is "not stored" is left out

template <class Visit>
void fields(Visit&& visit, NewJob& job) {
  visit(job.job, job.name, job.needs, job.specification);
}
template <class Visit>
void fields(Visit&& visit, wire::AttemptFinished& report) {
  visit(report.boot, report.job, report.attempt, report.outcome, report.detail, report.steps,
        report.output_bytes, report.output_sha256, report.output_truncated, report.first_output,
        report.tests.data);
}
template <class Visit>
void fields(Visit&& visit, BuildSubmitted& it) {
  visit(it.build, it.rank, it.repository, it.ref, it.revision, it.subject, it.author, it.again,
        it.jobs, it.group, it.ends_older);
}
template <class Visit>
void fields(Visit&& visit, RequestTaken& it) {
  visit(it.request, it.digest, it.first_build);
}
template <class Visit>
void fields(Visit&& visit, AttemptAssigned& it) {
  visit(it.job, it.build, it.attempt, it.worker, it.boot);
}
template <class Visit>
void fields(Visit&& visit, AttemptReattached& it) {
  visit(it.job, it.attempt, it.worker, it.boot);
}
template <class Visit>
void fields(Visit&& visit, AttemptAdopted& it) {
  visit(it.job, it.attempt, it.worker, it.boot);
}
template <class Visit>
void fields(Visit&& visit, AttemptReturned& it) {
  visit(it.job, it.attempt, it.worker, it.reason);
}
template <class Visit>
void fields(Visit&& visit, AttemptLost& it) {
  visit(it.job, it.attempt, it.worker, it.reason, it.losses);
}
template <class Visit>
void fields(Visit&& visit, AttemptEnded& it) {
  visit(it.job, it.build, it.attempt, it.worker, it.report, it.failures);
}
template <class Visit>
void fields(Visit&& visit, AttemptSuperseded& it) {
  visit(it.job, it.attempt, it.worker, it.report);
}
template <class Visit>
void fields(Visit&& visit, CancelRequested& it) {
  visit(it.job, it.reason);
}
template <class Visit>
void fields(Visit&& visit, JobFinished& it) {
  visit(it.job, it.build, it.verdict, it.attempt, it.note);
}
template <class Visit>
void fields(Visit&& visit, BuildFinished& it) {
  visit(it.build, it.verdict);
}
template <class Visit>
void fields(Visit&& visit, HeadAdvanced& it) {
  visit(it.repository, it.ref, it.revision);
}
template <class Visit>
void fields(Visit&& visit, CursorSaved& it) {
  visit(it.name, it.sequence);
}
template <class Visit>
void fields(Visit&& visit, RepositoryPaused& it) {
  visit(it.repository, it.paused);
}
template <class Visit>
void fields(Visit&& visit, OutputStored& it) {
  visit(it.job, it.attempt, it.offset, it.skip, it.size);
}
template <class Visit>
void fields(Visit&& visit, AttemptKey& it) {
  visit(it.job, it.attempt);
}
template <class Visit>
void fields(Visit&& visit, BuildRemoved& it) {
  visit(it.build, it.repository, it.ref, it.revision, it.requests, it.attempts);
}

struct AnyFields {
  template <class... Ts>
  void operator()(Ts&...) {}
};
template <class T>
concept HasFields = requires(T& value) {
  fields(AnyFields{}, value);
};
template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

// ---- writing: numbers in groups of seven bits, the lowest first; before texts and lists their
// length

class Writer {
 public:
  explicit Writer(std::string& bytes) : bytes_(bytes) {}
  template <class... Ts>
  void operator()(const Ts&... values) {
    (write(values), ...);
  }
  void write_number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }

 private:
  void write(Number auto value) { write_number(static_cast<uint64_t>(value)); }
  void write(const std::string& text) {
    write_number(text.size());
    bytes_ += text;
  }
  void write(UnixMillis time) { write(time.value); }
  template <class Tag, class Rep>
  void write(Id<Tag, Rep> id) {
    write_number(id.value);
  }
  template <class Tag>
  void write(const Token128<Tag>& token) {
    bytes_.append(reinterpret_cast<const char*>(token.bytes.data()), token.bytes.size());
  }
  void write(const JobSpec& specification) { write(wire::encode_specification(specification)); }
  void write(const std::vector<wire::StepResult>& steps) { write(wire::encode_steps(steps)); }
  template <class T>
  void write(const std::vector<T>& list) {
    write_number(list.size());
    for (const T& item : list) write(item);
  }
  template <HasFields T>
  void write(const T& value) {
    fields(*this, const_cast<T&>(value));  // fields() serves both directions
  }

  std::string& bytes_;
};

// ---- reading

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool is_at_end() const { return rest_.empty(); }
  template <class... Ts>
  void operator()(Ts&... values) {
    (read(values), ...);
  }
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(take(1)[0]);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    refuse("has a number that does not end");
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) refuse("ends too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  void read(Number auto& value) {
    value = static_cast<std::remove_reference_t<decltype(value)>>(number());
  }
  void read(std::string& text) { text = take(number()); }
  void read(UnixMillis& time) { read(time.value); }
  template <class Tag, class Rep>
  void read(Id<Tag, Rep>& id) {
    read(id.value);
  }
  template <class Tag>
  void read(Token128<Tag>& token) {
    const std::string_view bytes = take(token.bytes.size());
    std::copy(bytes.begin(), bytes.end(), token.bytes.begin());
  }
  template <class T>
  void read_packed(T& value, Result<T> (*decode)(std::string_view)) {
    Result<T> decoded = decode(take(number()));
    if (!decoded) refuse("cannot be read (" + decoded.error() + ")");
    value = *std::move(decoded);
  }
  void read(JobSpec& specification) { read_packed(specification, wire::decode_specification); }
  void read(std::vector<wire::StepResult>& steps) { read_packed(steps, wire::decode_steps); }
  template <class T>
  void read(std::vector<T>& list) {
    const uint64_t size = number();
    if (size > rest_.size()) refuse("ends too early");  // each takes a byte at least
    list.clear();
    list.reserve(size);
    for (uint64_t i = 0; i < size; ++i) read(list.emplace_back());
  }
  template <HasFields T>
  void read(T& value) {
    fields(*this, value);
  }

  std::string_view rest_;
};

template <size_t... kIndex>
ChangeBody read_body(uint64_t kind, Reader& reader, std::index_sequence<kIndex...>) {
  ChangeBody body;
  const bool is_known = ((kind == kIndex && (reader(body.emplace<kIndex>()), true)) || ...);
  if (!is_known) refuse("has a change of an unknown kind");
  return body;
}

}  // namespace

void encode_changes(const std::vector<Change>& changes, std::string& record) {
  Writer writer(record);
  writer.write_number(kChangesVersion);
  writer.write_number(changes.size());
  for (const Change& change : changes) {
    writer(change.sequence, change.at, change.body.index());
    std::visit([&writer](const auto& body) { writer(body); }, change.body);
  }
}

std::vector<Change> decode_changes(std::string_view record) {
  std::vector<Change> changes;
  Reader reader(record);
  while (!reader.is_at_end()) {
    if (reader.number() != kChangesVersion)
      throw StoreError(
          "cannot use the store: its log was written by another version of this program, which did "
          "not end by itself: start that version once more, and stop it");
    for (uint64_t left = reader.number(); left > 0; --left) {
      Change& change = changes.emplace_back();
      reader(change.sequence, change.at);
      change.body = read_body(reader.number(), reader,
                              std::make_index_sequence<std::variant_size_v<ChangeBody>>{});
    }
  }
  return changes;
}

}  // namespace seaworthy::broker
