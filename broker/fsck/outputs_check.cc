#include "broker/fsck/outputs_check.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <thread>

#include "broker/fsck/output_file.h"

namespace seaworthy::fsck {
namespace {

namespace fs = std::filesystem;
using broker::Database;
using broker::Statement;

constexpr int kPage = 500;            // attempts
constexpr size_t kOrphansKept = 200;  // files that are looked at again
constexpr size_t kOrphansNamed = 5;
constexpr std::chrono::milliseconds kMoment{300};  // for a broker to do both halves of what it does

struct StoredOutput {
  Where where;
  uint64_t bytes = 0;
  std::string sha256;  // empty: not to be compared
};

struct Doubt {
  const Check* check;
  std::string wrong;
};

// The digest is that of all output, so it counts where the outcome was accepted together with the
// output; an outcome that came too late is kept without it.
#define OUTPUT_COLUMNS                                                                           \
  "SELECT job.build, job.id, number, output_bytes, CASE WHEN output_sha256 <> '' AND EXISTS "    \
  "(SELECT * FROM event WHERE event.build = job.build AND event.job = job.id AND event.attempt " \
  "= number AND kind = 7) AND NOT EXISTS (SELECT * FROM event WHERE event.build = job.build "    \
  "AND event.job = job.id AND event.attempt = number AND kind = 8) THEN output_sha256 ELSE '' "  \
  "END FROM attempt JOIN job ON job.id = attempt.job "

StoredOutput stored_output(const Statement& row) {
  const int64_t bytes = row.integer(3);
  return {{row.integer(0), row.integer(1), row.integer(2)},
          bytes < 0 ? 0 : static_cast<uint64_t>(bytes),
          row.text(4)};
}

class Files {
 public:
  Files(const Database& database, const fs::path& directory, Report& report)
      : directory_(directory),
        report_(report),
        page_(database, OUTPUT_COLUMNS
              "WHERE (attempt.job, number) > (?, ?) ORDER BY attempt.job, number LIMIT ?"),
        one_(database, OUTPUT_COLUMNS "WHERE attempt.job = ? AND number = ?") {}

  void look() {
    Where last;
    for (bool more = true; more;) {
      std::vector<StoredOutput> page;
      page_.bind(last.job, last.attempt, kPage);
      while (page_.next()) page.push_back(stored_output(page_));
      more = page.size() == kPage;
      if (!page.empty()) last = page.back().where;
      look_at(page);
    }
  }

 private:
  void look_at(const std::vector<StoredOutput>& page) {
    std::vector<Where> doubtful;
    for (const StoredOutput& output : page) {
      uint64_t read = 0;
      if (doubt(output, read)) doubtful.push_back(output.where);
      report_.checked.output_bytes += read;
    }
    if (doubtful.empty()) return;
    std::this_thread::sleep_for(kMoment);
    for (const Where& where : doubtful) {
      const std::optional<StoredOutput> now = read_again(where);
      uint64_t read = 0;
      if (!now) continue;  // removed meanwhile
      if (auto still = doubt(*now, read)) tell(where, *still);
    }
  }

  std::optional<StoredOutput> read_again(const Where& where) {
    if (!one_.bind(where.job, where.attempt).next()) return std::nullopt;
    StoredOutput output = stored_output(one_);
    one_.reset();
    return output;
  }

  void tell(const Where& where, const Doubt& doubt) {
    if (doubt.check != nullptr) return report_.of(*doubt.check).add(where, doubt.wrong);
    if (report_.not_looked.size() < Findings::kKept) report_.not_looked.push_back(doubt.wrong);
  }

  // What is wrong, if something is. Without a check: it could not be read.
  std::optional<Doubt> doubt(const StoredOutput& stored, uint64_t& read) const {
    if (stored.bytes == 0 && stored.sha256.empty()) return std::nullopt;
    OutputContent content = read_output_file(directory_, stored.where.job, stored.where.attempt,
                                             stored.bytes, !stored.sha256.empty());
    if (stored.bytes == 0 && content.state == OutputState::Missing) return std::nullopt;
    const std::string counts = "the store counts " + std::to_string(stored.bytes) + " bytes, ";
    switch (content.state) {
      case OutputState::Missing:
        return Doubt{&kOutputMissing, counts + "and neither " + content.file + " nor " +
                                          content.file + ".zst is there"};
      case OutputState::Unreadable: return Doubt{nullptr, content.file + ": " + content.problem};
      case OutputState::Damaged:
        return Doubt{&kOutputDamaged, content.file + ": " + content.problem};
      case OutputState::Read: break;
    }
    read = std::min(content.bytes, stored.bytes);
    const std::string has = content.file + " has " + std::to_string(content.bytes);
    if (content.packed && content.bytes > stored.bytes)
      return Doubt{&kOutputDamaged, counts + content.file + " has more"};
    if (content.packed && content.bytes < stored.bytes) return Doubt{&kOutputDamaged, counts + has};
    if (content.bytes < stored.bytes) return Doubt{&kOutputShort, counts + has};
    if (!stored.sha256.empty() && content.sha256 != stored.sha256)
      return Doubt{&kOutputDigest, "the SHA-256 of " + content.file + " is " + content.sha256 +
                                       ", the worker reported " + stored.sha256};
    return std::nullopt;
  }

  const fs::path& directory_;
  Report& report_;
  Statement page_;
  Statement one_;
};

struct FileName {
  int64_t job = 0;
  int64_t attempt = 0;
  bool unfinished = false;  // of a compression
};

// "4/4711.2.log.zst" -> 4711, 2. None if the broker writes no such name.
std::optional<FileName> parse_name(const fs::path& relative) {
  const std::string text = relative.string();
  FileName name;
  for (const char* ending : {".log", ".log.zst", ".log.zst.part", ".times"}) {
    const std::string file = relative.filename().string();
    if (!file.ends_with(ending)) continue;
    const char* end = file.data() + file.size() - std::string_view(ending).size();
    auto [dot, error] = std::from_chars(file.data(), end, name.job);
    if (error != std::errc{} || dot == end || *dot != '.' || name.job < 1) return std::nullopt;
    auto [rest, wrong] = std::from_chars(dot + 1, end, name.attempt);
    if (wrong != std::errc{} || rest != end || name.attempt < 1) return std::nullopt;
    name.unfinished = file.ends_with(".part");
    const std::string whole = std::to_string(name.job / 1000) + "/" + std::to_string(name.job) +
                              "." + std::to_string(name.attempt) + ending;
    return whole == text ? std::optional(name) : std::nullopt;
  }
  return std::nullopt;
}

std::string list_of(uint64_t count, const std::vector<std::string>& named) {
  std::string text;
  for (size_t i = 0; i < std::min(named.size(), kOrphansNamed); ++i)
    text += (i == 0 ? "" : ", ") + named[i];
  if (count > kOrphansNamed) text += " and " + std::to_string(count - kOrphansNamed) + " more";
  return text;
}

class Orphans {
 public:
  Orphans(const Database& database, const fs::path& directory)
      : directory_(directory),
        known_(database, "SELECT 1 FROM attempt WHERE job = ? AND number = ?") {}

  void look(Report& report) {
    std::error_code error;
    fs::recursive_directory_iterator all(directory_, error), end;
    for (; !error && all != end; all.increment(error)) {
      std::error_code unclear;
      if (all->is_directory(unclear)) continue;
      const fs::path relative = all->path().lexically_relative(directory_);
      if (is_orphan(relative) && ++count_ <= kOrphansKept) found_.push_back(relative);
    }
    if (error && error != std::errc::no_such_file_or_directory)
      report.not_looked.push_back("cannot list " + directory_.string() + ": " + error.message());
    if (!found_.empty()) tell(report);
  }

 private:
  bool is_orphan(const fs::path& relative) {
    const std::optional<FileName> name = parse_name(relative);
    if (!name || name->unfinished) return true;
    const bool known = known_.bind(name->job, name->attempt).next();
    known_.reset();
    return !known;
  }

  // What went away meanwhile, or is known by now, was the broker at work.
  void tell(Report& report) {
    std::this_thread::sleep_for(kMoment);
    std::vector<std::string> left;
    for (const fs::path& relative : found_) {
      std::error_code unclear;
      if (fs::exists(fs::symlink_status(directory_ / relative, unclear)) && is_orphan(relative))
        left.push_back(relative.string());
    }
    if (left.empty()) return;
    const uint64_t count = count_ > kOrphansKept ? count_ : left.size();
    report.notes.push_back(
        std::to_string(count) + (count == 1 ? " file" : " files") + " below " +
        directory_.string() + (count == 1 ? " belongs" : " belong") +
        " to no attempt that the store knows, and may be deleted: " + list_of(count, left));
  }

  const fs::path& directory_;
  Statement known_;
  std::vector<fs::path> found_;
  uint64_t count_ = 0;
};

}  // namespace

void look_at_outputs(const Database& database, const fs::path& directory, Report& report) {
  Files(database, directory, report).look();
}

void look_for_orphans(const Database& database, const fs::path& directory, Report& report) {
  Orphans(database, directory).look(report);
}

}  // namespace seaworthy::fsck
