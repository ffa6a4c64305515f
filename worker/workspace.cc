#include "worker/workspace.h"

#include <fstream>
#include <system_error>

#include "shared/git/local_repository.h"
#include "shared/git/mirror.h"
#include "shared/io/file.h"
#include "shared/io/process.h"
#include "shared/model/limits.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

// The leader ends the whole checkout at the job's time-out; git itself need not watch the clock.
constexpr git::GitLimits kNoLimits{limits::kLongestTimeout, -1};

Result<Done> write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return Unexpected{"cannot write " + file.string() + ": is the disk full?"};
  return Done{};
}

std::string read_text(const fs::path& file) {
  auto text = io::read_file(file);
  return text ? std::move(*text) : "";
}

// A value of git's configuration file, quoted.
std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (char c : value) {
    if (c == '\n') continue;
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text + "\"";
}

std::string configuration(const Revision& revision) {
  const bool sha256 = revision.id.size() == 64;
  std::string text = "[core]\n\trepositoryformatversion = ";
  text += sha256 ? "1" : "0";
  text += "\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = false\n";
  if (sha256) text += "[extensions]\n\tobjectformat = sha256\n";
  text += "[remote \"origin\"]\n\turl = " + quoted(revision.repository) +
          "\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n";
  return text;
}

// A line for each place that git reads objects from besides the workspace's own. What a repository
// of this machine has need not be fetched first.
std::string alternates(const fs::path& mirrors, const std::string& repository) {
  std::string lines;
  std::error_code error;
  const fs::path of_mirror = git::Mirror::directory_of(mirrors, repository) / "objects";
  if (fs::is_directory(of_mirror, error)) lines += of_mirror.string() + "\n";
  const fs::path own = git::objects_of(repository);
  if (!own.empty()) lines += own.string() + "\n";
  return lines;
}

Result<io::CommandResult> run_in(const fs::path& workspace, std::vector<std::string> argv) {
  io::Command command;
  command.argv = std::move(argv);
  command.environment = git::git_environment();
  command.directory = workspace;
  command.timeout = limits::kLongestTimeout;
  return io::run(command);
}

Result<io::CommandResult> git_in(const fs::path& workspace,
                                 const std::vector<std::string>& arguments) {
  return run_in(workspace, git::git_arguments({}, arguments));
}

Result<Done> done_or_words(const Result<io::CommandResult>& result, const std::string& attempt) {
  if (!result) return Unexpected{"cannot " + attempt + ": " + result.error()};
  if (result->exit_code != 0)
    return Unexpected{"cannot " + attempt + ": " + git::last_words(*result)};
  return Done{};
}

Result<Done> populate(const fs::path& workspace, const Revision& revision) {
  return done_or_words(run_in(workspace, populate_arguments(revision)),
                       "check out " + revision.id + " of " + revision.repository);
}

bool has_submodules(const fs::path& workspace) {
  std::error_code error;
  return fs::exists(workspace / ".gitmodules", error);
}

bool has_large_files(const fs::path& workspace) {
  return read_text(workspace / ".gitattributes").find("filter=lfs") != std::string::npos;
}

// Jobs run code of the revision anyway, so that submodules on this machine's disk, which git
// forbids by default, open no door.
Result<Done> update_submodules(const fs::path& workspace) {
  if (!has_submodules(workspace)) return Done{};
  return done_or_words(git_in(workspace, {"-c", "protocol.file.allow=always", "submodule",
                                          "--quiet", "update", "--init", "--recursive"}),
                       "check out the submodules");
}

Result<std::string> fetch_large_files(const fs::path& workspace) {
  if (!has_large_files(workspace)) return std::string{};
  auto version = git_in(workspace, {"lfs", "version"});
  if (!version || version->exit_code != 0)
    return std::string{
        "this revision keeps large files with Git LFS, which is not installed on this worker: they "
        "are pointers only"};
  auto done = done_or_words(git_in(workspace, {"lfs", "install", "--local", "--skip-smudge"}),
                            "set up Git LFS");
  if (done) done = done_or_words(git_in(workspace, {"lfs", "pull"}), "fetch the LFS objects");
  if (!done) return Unexpected{done.error()};
  return std::string{};
}

void make_removable(const fs::path& directory) {
  std::error_code error;
  auto open_up = [&error](const fs::path& path) {
    fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, error);
  };
  open_up(directory);
  fs::recursive_directory_iterator entry(directory, fs::directory_options::skip_permission_denied,
                                         error);
  while (!error && entry != fs::recursive_directory_iterator{}) {
    // Before the iterator descends into it.
    if (entry->is_directory(error) && !entry->is_symlink(error)) open_up(entry->path());
    entry.increment(error);
  }
}

}  // namespace

// What `git clone --shared --no-checkout` would make, without running git.
Result<Done> make_workspace(const fs::path& mirrors, const Revision& revision,
                            const fs::path& workspace) {
  if (!git::is_object_id(revision.id))
    return Unexpected{"cannot check out '" + revision.id + "' of " + revision.repository +
                      ": it is not a full commit id"};
  const fs::path git_directory = workspace / ".git";
  std::error_code error;
  for (const char* folder : {"objects/info", "objects/pack", "refs/heads", "refs/tags", "info"}) {
    fs::create_directories(git_directory / folder, error);
    if (error)
      return Unexpected{"cannot make " + (git_directory / folder).string() + ": " +
                        error.message()};
  }
  auto made = write_text(git_directory / "objects/info/alternates",
                         alternates(mirrors, revision.repository));
  if (made) made = write_text(git_directory / "config", configuration(revision));
  if (made) made = write_text(git_directory / "HEAD", revision.id + "\n");
  return made;
}

std::vector<std::string> populate_arguments(const Revision& revision) {
  return git::git_arguments({}, {"read-tree", "--reset", "-u", revision.id});
}

std::vector<std::string> populate_environment() { return git::git_environment(); }

bool is_complete(const fs::path& workspace) {
  return !has_submodules(workspace) && !has_large_files(workspace);
}

Result<std::string> complete_workspace(const fs::path& mirrors, const Revision& revision,
                                       const fs::path& workspace, bool is_populated) {
  Result<Done> done = Done{};
  if (!is_populated) {
    auto mirror = git::Mirror::open(mirrors, revision.repository);
    if (!mirror) return Unexpected{mirror.error()};
    done = mirror->fetch_revision(revision.id, revision.ref, kNoLimits);
    // The mirror may be new.
    if (done)
      done = write_text(workspace / ".git/objects/info/alternates",
                        alternates(mirrors, revision.repository));
    if (done) done = populate(workspace, revision);
  }
  if (done) done = update_submodules(workspace);
  if (!done) return Unexpected{done.error()};
  return fetch_large_files(workspace);
}

bool remove_tree(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) {
    make_removable(directory);
    fs::remove_all(directory, error);
  }
  return !error;
}

}  // namespace seaworthy::worker
