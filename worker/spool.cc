#include "worker/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "shared/io/fd.h"
#include "shared/io/file.h"
#include "shared/io/times_file.h"
#include "shared/wire/codec.h"
#include "worker/output.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

Result<Done> write_file(const fs::path& file, const std::string& bytes) {
  io::Fd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return Unexpected{io::errno_text("cannot write " + file.string())};
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t count = write(fd.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unexpected{io::errno_text("cannot write " + file.string())};
    at += static_cast<size_t>(count);
  }
  return Done{};
}

std::string to_bytes(const wire::Message& message) {
  wire::EncodedMessage encoded = wire::encode(message, 0);
  return encoded.header + encoded.body;
}

template <class M>
Result<M> read_message(const fs::path& file) {
  Result<std::string> bytes = io::read_file(file);
  if (!bytes) return Unexpected{bytes.error()};
  if (bytes->size() < wire::kHeaderBytes)
    return Unexpected{"cannot read " + file.string() + ": it is too short"};
  const std::string_view all(*bytes);
  auto envelope = wire::decode(all.substr(0, wire::kHeaderBytes), all.substr(wire::kHeaderBytes));
  if (!envelope) return Unexpected{"cannot read " + file.string() + ": " + envelope.error().reason};
  if (M* message = std::get_if<M>(&envelope->message)) return std::move(*message);
  return Unexpected{"cannot read " + file.string() + ": it holds another message"};
}

}  // namespace

std::string directory_name(AttemptKey key) {
  return std::to_string(key.job.value) + "." + std::to_string(key.attempt.value);
}

Result<wire::Assign> SpoolEntry::assignment() const {
  return read_message<wire::Assign>(directory_ / "assignment");
}

Result<std::optional<wire::AttemptFinished>> SpoolEntry::outcome() const {
  std::error_code error;
  if (!fs::exists(directory_ / "outcome", error)) return std::optional<wire::AttemptFinished>{};
  auto outcome = read_message<wire::AttemptFinished>(directory_ / "outcome");
  if (!outcome) return Unexpected{outcome.error()};
  return std::optional<wire::AttemptFinished>(std::move(*outcome));
}

Result<Done> SpoolEntry::write_outcome(const wire::AttemptFinished& outcome) const {
  const fs::path unfinished = directory_ / "outcome.new";
  if (auto written = write_file(unfinished, to_bytes(outcome)); !written) return written;
  std::error_code error;
  fs::rename(unfinished, directory_ / "outcome", error);
  if (error) return Unexpected{"cannot rename " + unfinished.string() + ": " + error.message()};
  return Done{};
}

Result<Done> SpoolEntry::make_durable() const {
  // The attempt's directory must survive as well as the names in it.
  for (const fs::path& path :
       {output_file(), directory_ / "outcome", directory_, directory_.parent_path()}) {
    const io::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT) return Done{};
    if (!fd || fsync(fd.get()) != 0)
      return Unexpected{io::errno_text("cannot make durable " + path.string())};
  }
  return Done{};
}

uint64_t SpoolEntry::output_bytes() const {
  std::error_code error;
  const uintmax_t size = fs::file_size(output_file(), error);
  return error ? 0 : size;
}

Result<std::string> SpoolEntry::read_output(uint64_t offset, size_t size) const {
  io::Fd fd(open(output_file().c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Unexpected{io::errno_text("cannot read " + output_file().string())};
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size;) {
    const ssize_t count =
        pread(fd.get(), bytes.data() + at, size - at, static_cast<off_t>(offset + at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unexpected{io::errno_text("cannot read " + output_file().string())};
    if (count == 0) return Unexpected{output_file().string() + " is shorter than it was"};
    at += static_cast<size_t>(count);
  }
  return bytes;
}

Result<SpoolEntry> Spool::create(const wire::Assign& assign) const {
  const AttemptKey key{assign.job, assign.attempt};
  SpoolEntry made = entry(key);
  discard(key);
  std::error_code error;
  fs::create_directories(made.directory(), error);
  if (error) return Unexpected{"cannot make " + made.directory().string() + ": " + error.message()};
  if (auto written = write_file(made.directory() / "assignment", to_bytes(assign)); !written)
    return Unexpected{written.error()};
  return made;
}

SpoolEntry Spool::entry(AttemptKey key) const { return SpoolEntry(root_ / directory_name(key)); }

void Spool::discard(AttemptKey key) const {
  std::error_code ignored;
  fs::remove_all(entry(key).directory(), ignored);
}

std::vector<wire::AttemptFinished> Spool::recover() const {
  std::vector<wire::AttemptFinished> recovered;
  std::error_code error;
  for (const fs::directory_entry& found : fs::directory_iterator(root_, error)) {
    SpoolEntry entry(found.path());
    auto outcome = entry.outcome();
    // After a loss of power either may lack what was not durable yet.
    const bool whole = outcome && *outcome && entry.output_bytes() == (*outcome)->output_bytes &&
                       sha256_of_file(entry.output_file()) == (*outcome)->output_sha256;
    std::error_code ignored;
    if (!whole) {
      fs::remove_all(found.path(), ignored);
      continue;
    }
    // Times are not durable: those of which a part may be lost are not told.
    if (io::end_of_times(entry.times_file()) != (*outcome)->output_bytes)
      fs::remove(entry.times_file(), ignored);
    recovered.push_back(std::move(**outcome));
  }
  return recovered;
}

}  // namespace seaworthy::worker
