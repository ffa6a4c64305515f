#include "worker/reports/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "shared/io/fd.h"
#include "shared/model/limits.h"
#include "worker/reports/glob.h"

namespace seaworthy::worker::reports {
namespace {

constexpr int kDeepestDirectory = 32;     // directories within directories
constexpr size_t kMostEntries = 200'000;  // looked at in all

struct Entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;
};

bool is_before(const std::timespec& a, const std::timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

std::string in_mib(uint64_t bytes) { return std::to_string(bytes / (1024 * 1024)) + " MiB"; }

class Walk {
 public:
  Walk(const std::vector<std::vector<std::string>>& globs, std::timespec since,
       const FileSearch::Take& take, const FileSearch::Note& note)
      : since_(since), take_(take), note_(note) {
    for (const auto& list : globs) globs_.emplace_back(list);
  }

  size_t run(const std::filesystem::path& workspace) {
    io::Fd root(open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root) return 0;
    std::vector<Globs::State> states;
    for (const Globs& globs : globs_) states.push_back(globs.start());
    visit(root, states, "", 0);
    return fitting_;
  }

 private:
  void visit(const io::Fd& directory, const std::vector<Globs::State>& states,
             const std::string& path, int depth) {
    for (const Entry& entry : entries_of(directory)) {
      for (size_t kind = 0; kind < globs_.size(); ++kind)
        if (entry.type != DT_DIR && globs_[kind].matches(states[kind], entry.name))
          look_at(directory, entry.name, kind, path + entry.name);
      if ((entry.type != DT_DIR && entry.type != DT_UNKNOWN) || entry.name == ".git") continue;
      std::vector<Globs::State> below;
      bool can_be = false;
      for (size_t kind = 0; kind < globs_.size(); ++kind) {
        below.push_back(globs_[kind].enter(states[kind], entry.name));
        can_be = can_be || !below.back().empty();
      }
      if (!can_be || depth == kDeepestDirectory) continue;
      io::Fd inner(openat(directory.get(), entry.name.c_str(),
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (inner) visit(inner, below, path + entry.name + "/", depth + 1);
    }
  }

  std::vector<Entry> entries_of(const io::Fd& directory) {
    std::vector<Entry> entries;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(
        fdopendir(fcntl(directory.get(), F_DUPFD_CLOEXEC, 0)), &closedir);
    if (!stream) return entries;
    while (const dirent* entry = readdir(stream.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (++seen_ > kMostEntries) {
        if (seen_ == kMostEntries + 1)
          note_(
              "not all of the workspace was looked at: it has too many files; name the places "
              "with `reports`");
        break;
      }
      entries.push_back({std::string(name), entry->d_type});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  // Without waiting for whoever would open the other end of a pipe.
  void look_at(const io::Fd& directory, const std::string& name, size_t kind,
               const std::string& path) {
    io::Fd file(openat(directory.get(), name.c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat facts {};
    if (!file) {
      if (errno == EACCES) note_(path + " was not read: this worker may not");
      return;
    }
    if (fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) ||
        is_before(facts.st_mtim, since_))
      return;
    ++fitting_;
    const auto size = static_cast<uint64_t>(facts.st_size);
    if (fitting_ > limits::kReportFiles || bytes_ + size > limits::kReportsBytes) {
      if (!std::exchange(is_full_, true))
        note_(path + " and what comes after it was not read: there are more than " +
              std::to_string(limits::kReportFiles) + " files or " + in_mib(limits::kReportsBytes) +
              " of reports");
      return;
    }
    if (size > limits::kReportFileBytes)
      return note_(path + " was not read: it has " + in_mib(size) + ", and at most " +
                   in_mib(limits::kReportFileBytes) + " are read");
    bytes_ += size;
    take_({kind, path, text_of(file, static_cast<size_t>(size))});
  }

  static std::string text_of(const io::Fd& file, size_t size) {
    std::string text(size, '\0');
    size_t filled = 0;
    while (filled < size) {
      const ssize_t count = read(file.get(), text.data() + filled, size - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      filled += static_cast<size_t>(count);
    }
    text.resize(filled);
    return text;
  }

  std::vector<Globs> globs_;
  std::timespec since_;
  const FileSearch::Take& take_;
  const FileSearch::Note& note_;
  size_t seen_ = 0;
  size_t fitting_ = 0;
  uint64_t bytes_ = 0;
  bool is_full_ = false;
};

}  // namespace

size_t FileSearch::run(const std::vector<std::vector<std::string>>& globs, const Take& take,
                       const Note& note) const {
  return Walk(globs, since_, take, note).run(workspace_);
}

}  // namespace seaworthy::worker::reports
