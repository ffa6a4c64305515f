#include "shared/git/mirror.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "shared/git/local_repository.h"
#include "shared/git/mirror_names.h"
#include "shared/io/clock.h"
#include "shared/io/fd.h"

namespace seaworthy::git {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHeads = "refs/heads/*";
// How often a lock that another process holds is tried.
constexpr Duration kLockInterval{20};

fs::path lock_path(const fs::path& mirror) { return mirror.string() + ".lock"; }

// Waits for the readable end of `interrupt_fd`; true if it came.
bool interrupted_within(Duration time, int interrupt_fd) {
  pollfd polled{interrupt_fd, POLLIN, 0};
  return ::poll(&polled, 1, static_cast<int>(time.count())) > 0;
}

Result<io::Fd> lock_mirror(const fs::path& mirror, const GitLimits& limits) {
  const fs::path path = lock_path(mirror);
  io::Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock)
    return Unexpected{io::errno_text("cannot open the lock file " + path.string()) +
                      ": make the directory of mirrors writable, or choose another"};
  const Instant deadline = io::now() + limits.timeout;
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return Unexpected{io::errno_text("cannot lock " + path.string())};
    if (io::now() >= deadline)
      return Unexpected{"cannot use the mirror " + mirror.string() + ": another process has held " +
                        path.string() + " for " + std::to_string(limits.timeout.count()) +
                        " ms; it is probably fetching, and this will be tried again"};
    if (interrupted_within(kLockInterval, limits.interrupt_fd))
      return Unexpected{"waiting for the mirror " + mirror.string() + " was interrupted"};
  }
  return lock;
}

bool looks_whole(const fs::path& mirror) {
  std::error_code error;
  return fs::is_regular_file(mirror / "HEAD", error) &&
         fs::is_regular_file(mirror / "config", error) &&
         fs::is_directory(mirror / "objects", error) && fs::is_directory(mirror / "refs", error);
}

// The caller holds the lock. Made beside its place and moved there, so that it is never half-made.
Result<Done> make_mirror(const fs::path& mirror, const std::string& repository,
                         std::string_view object_format) {
  const fs::path fresh = mirror.string() + ".new";
  std::error_code error;
  fs::remove_all(fresh, error);
  auto made =
      run_git({}, {"init", "--quiet", "--bare",
                   "--template=", "--object-format=" + std::string(object_format), fresh.string()});
  const std::string attempt = "cannot make the mirror " + mirror.string() + " of " + repository;
  if (!made) return Unexpected{attempt + ": " + made.error() + ": is git installed?"};
  if (made->exit_code != 0)
    return Unexpected{attempt + ": " + last_words(*made) + ": is the disk writable, and not full?"};
  fs::remove_all(mirror, error);
  fs::rename(fresh, mirror, error);
  if (error) return Unexpected{attempt + ": " + error.message()};
  return Done{};
}

// What a git that was killed left behind would stop every later one. The caller holds the lock, so
// no git of ours is at work, except for an orphan that is about to end: hence the age.
bool remove_stale_locks(const fs::path& mirror) {
  constexpr auto kStale = std::chrono::seconds(10);
  std::vector<fs::path> stale;
  std::error_code error;
  auto consider = [&](const fs::directory_entry& entry) {
    std::error_code ignored;
    if (entry.path().extension() == ".lock" &&
        fs::file_time_type::clock::now() - entry.last_write_time(ignored) > kStale && !ignored)
      stale.push_back(entry.path());
  };
  for (const auto& entry : fs::directory_iterator(mirror, error)) consider(entry);
  for (const auto& entry : fs::recursive_directory_iterator(mirror / "refs", error))
    consider(entry);
  for (const fs::path& path : stale) fs::remove(path, error);
  return !stale.empty();
}

// Whether git can read every commit that a ref points to.
bool is_damaged(const fs::path& mirror) {
  if (!looks_whole(mirror)) return true;
  auto probe = run_git(mirror, {"rev-list", "--quiet", "--max-count=1", "--all"});
  return probe && probe->exit_code != 0;
}

bool is_ssh(const std::string& repository) {
  return repository.starts_with("ssh://") || repository.starts_with("git+ssh://") ||
         (!is_local_path(repository) && repository.find("://") == std::string::npos);
}

// ssh would ask for passwords and unknown hosts on the terminal. Who configured an ssh of their own
// answers for it.
void forbid_questions(std::vector<std::string>& arguments, const std::string& repository) {
  if (!is_ssh(repository) || std::getenv("GIT_SSH_COMMAND") != nullptr ||
      std::getenv("GIT_SSH") != nullptr)
    return;
  auto configured = run_git({}, {"config", "--get", "core.sshCommand"});
  if (configured && configured->exit_code == 0) return;
  arguments.insert(arguments.end(), {"-c",
                                     "core.sshCommand=ssh -oBatchMode=yes -oConnectTimeout=15 "
                                     "-oServerAliveInterval=10 -oServerAliveCountMax=3"});
}

// git's upload-pack refuses a local repository of another user unless told otherwise; naming it to
// Seaworthy is that permission. Its own settings do not reach it, so its command line says it.
void add_upload_pack(std::vector<std::string>& arguments, const std::string& repository) {
  if (is_local_path(repository) || repository.starts_with("file://"))
    arguments.emplace_back("--upload-pack=git -c 'safe.directory=*' upload-pack");
}

std::string advice_for(const std::string& repository) {
  std::error_code error;
  if (is_local_path(repository) && !fs::exists(repository, error))
    return "there is no such directory; check the path, or put the repository there";
  return "check that it is a git repository, and that this user may read it without a password "
         "being typed (try: git ls-remote " +
         repository + ")";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::string failure(const std::string& attempt, const std::string& repository,
                    const Result<io::CommandResult>& result) {
  return "cannot " + attempt + " " + repository + ": " +
         (result ? last_words(*result) : result.error()) + "; " + advice_for(repository);
}

// The length of the repository's object ids says its hash; 0 if it cannot be asked or is empty.
size_t id_length_of(const std::string& repository, const GitLimits& limits) {
  std::vector<std::string> arguments;
  forbid_questions(arguments, repository);
  arguments.emplace_back("ls-remote");
  add_upload_pack(arguments, repository);
  arguments.insert(arguments.end(), {"--", repository});
  auto listed = run_git({}, arguments, limits);
  if (!listed || listed->exit_code != 0) return 0;
  size_t tab = listed->output.find('\t');
  return tab == std::string::npos ? 0 : tab;
}

bool is_empty_mirror(const fs::path& mirror) {
  auto listed = run_git(mirror, {"for-each-ref", "--count=1"});
  return listed && listed->exit_code == 0 && listed->output.empty();
}

}  // namespace

Mirror::Mirror(fs::path directory, std::string repository)
    : directory_(std::move(directory)), repository_(std::move(repository)) {}

fs::path Mirror::directory_of(const fs::path& mirrors, const std::string& repository) {
  return fs::absolute(mirrors) / mirror_name(repository);
}

Result<Mirror> Mirror::open(const fs::path& mirrors, const std::string& repository) {
  std::error_code error;
  fs::create_directories(mirrors, error);
  if (error)
    return Unexpected{"cannot create the directory of mirrors " + mirrors.string() + ": " +
                      error.message() + ": choose another with --mirrors"};
  Mirror mirror(directory_of(mirrors, repository), repository);
  if (looks_whole(mirror.directory_)) return mirror;
  Result<io::Fd> lock = lock_mirror(mirror.directory_, {});
  if (!lock) return Unexpected{lock.error()};
  if (looks_whole(mirror.directory_)) return mirror;
  if (auto made = make_mirror(mirror.directory_, repository, "sha1"); !made)
    return Unexpected{made.error()};
  return mirror;
}

Result<Done> Mirror::fetch_specs(const std::vector<std::string>& refspecs, bool prune,
                                 const GitLimits& limits) const {
  if (!looks_whole(directory_))
    if (auto made = make_mirror(directory_, repository_, "sha1"); !made) return made;
  std::vector<std::string> arguments;
  forbid_questions(arguments, repository_);
  arguments.insert(arguments.end(),
                   {"fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                    "--no-auto-maintenance", "--no-recurse-submodules", "--update-shallow"});
  if (prune) arguments.emplace_back("--prune");
  add_upload_pack(arguments, repository_);
  arguments.insert(arguments.end(), {"--", repository_});
  arguments.insert(arguments.end(), refspecs.begin(), refspecs.end());

  auto fetched = run_git(directory_, arguments, limits);
  auto fetch_again = [&] { fetched = run_git(directory_, arguments, limits); };
  auto failed = [&] { return fetched && fetched->exit_code != 0; };
  if (failed() && remove_stale_locks(directory_)) fetch_again();
  if (failed() && is_damaged(directory_)) {
    if (auto made = make_mirror(directory_, repository_, "sha1"); !made) return made;
    fetch_again();
  }
  if (failed() && is_empty_mirror(directory_) && id_length_of(repository_, limits) == 64) {
    if (auto made = make_mirror(directory_, repository_, "sha256"); !made) return made;
    fetch_again();
  }
  if (!fetched || failed())
    return Unexpected{failure("fetch " + joined(refspecs) + " of", repository_, fetched)};
  return Done{};
}

Result<Done> Mirror::fetch(const std::vector<std::string>& ref_globs,
                           const GitLimits& limits) const {
  auto seen = look(ref_globs, limits);
  if (!seen) return Unexpected{seen.error()};
  return Done{};
}

Result<std::map<std::string, std::string>> Mirror::look(const std::vector<std::string>& ref_globs,
                                                        const GitLimits& limits) const {
  std::vector<std::string> refspecs;
  for (const std::string& glob : ref_globs) {
    if (auto good = check_ref_glob(glob); !good) return Unexpected{good.error()};
    // git fails when a ref without a * is not there; as a pattern it may be missing.
    std::string pattern = glob.find('*') == std::string::npos ? glob + "*" : glob;
    refspecs.push_back("+" + pattern + ":" + pattern);
  }
  Result<io::Fd> lock = lock_mirror(directory_, limits);
  if (!lock) return Unexpected{lock.error()};
  if (auto fetched = fetch_specs(refspecs, true, limits); !fetched)
    return Unexpected{fetched.error()};
  return refs(ref_globs);
}

Result<Done> Mirror::fetch_revision(const std::string& revision, const std::string& ref,
                                    const GitLimits& limits) const {
  if (!is_object_id(revision))
    return Unexpected{"cannot fetch '" + revision + "' of " + repository_ +
                      ": it is not a full commit id of 40 or 64 hex digits"};
  if (has(revision)) return Done{};
  Result<io::Fd> lock = lock_mirror(directory_, limits);
  if (!lock) return Unexpected{lock.error()};
  if (has(revision)) return Done{};  // another process fetched it meanwhile
  Result<Done> last = Unexpected{"it is on none of its branches"};
  std::vector<std::string> refspecs;
  if (check_ref_glob(ref) && ref.find('*') == std::string::npos)
    refspecs.push_back("+" + ref + ":" + ref);
  refspecs.push_back("+" + std::string(kHeads) + ":" + std::string(kHeads));
  refspecs.push_back(revision);
  for (const std::string& refspec : refspecs) {
    last = fetch_specs({refspec}, false, limits);
    if (has(revision)) return Done{};
  }
  return Unexpected{"cannot find the revision " + revision + " in " + repository_ +
                    (last ? "" : ": " + last.error()) +
                    "; a force push may have removed it, then submit the branch again"};
}

bool Mirror::has(const std::string& revision) const {
  if (!is_object_id(revision)) return false;
  auto found = run_git(directory_, {"cat-file", "-e", revision + "^{commit}"});
  return found && found->exit_code == 0;
}

Result<std::map<std::string, std::string>> Mirror::refs(
    const std::vector<std::string>& ref_globs) const {
  std::vector<std::string> arguments{
      "for-each-ref",
      "--format=%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"};
  for (const std::string& glob : ref_globs)
    if (auto good = check_ref_glob(glob); !good) return Unexpected{good.error()};
  auto listed = run_git(directory_, arguments);
  if (!listed || listed->exit_code != 0)
    return Unexpected{"cannot list the refs of the mirror " + directory_.string() + " of " +
                      repository_ + ": " + (listed ? last_words(*listed) : listed.error()) +
                      "; the mirror may be deleted, it is made anew"};
  std::map<std::string, std::string> refs;
  std::istringstream lines(listed->output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, type, id, peeled_type, peeled_id;
    words >> name >> type >> id >> peeled_type >> peeled_id;
    if (std::none_of(ref_globs.begin(), ref_globs.end(),
                     [&](const std::string& glob) { return matches_ref_glob(glob, name); }))
      continue;
    if (type == "commit") {
      refs.emplace(name, id);
    } else if (type == "tag" && peeled_type == "commit") {
      refs.emplace(name, peeled_id);
    } else if (type == "tag" && peeled_type == "tag") {  // a tag of a tag
      if (auto commit = resolve(id)) refs.emplace(name, *commit);
    }
  }
  return refs;
}

std::vector<std::string> Mirror::environment_for_reading() const {
  const std::string objects = objects_of(repository_).string();
  if (objects.empty()) return {};
  // Colons stand between the paths of this list, except within quotes.
  std::string quoted;
  for (const char c : objects) quoted.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  return {"GIT_ALTERNATE_OBJECT_DIRECTORIES=\"" + quoted + "\""};
}

Result<std::string> Mirror::resolve(const std::string& revision) const {
  std::string wanted = revision;
  if (revision == "HEAD") {
    std::vector<std::string> arguments;
    forbid_questions(arguments, repository_);
    arguments.emplace_back("ls-remote");
    add_upload_pack(arguments, repository_);
    arguments.insert(arguments.end(), {"--", repository_, "HEAD"});
    auto listed = run_git({}, arguments);
    if (!listed || listed->exit_code != 0)
      return Unexpected{failure("ask for HEAD of", repository_, listed)};
    wanted = listed->output.substr(0, listed->output.find('\t'));
  }
  auto parsed = run_git(
      directory_, {"rev-parse", "--verify", "--quiet", "--end-of-options", wanted + "^{commit}"});
  if (!parsed) return Unexpected{"cannot look for '" + revision + "': " + parsed.error()};
  std::string id = parsed->output.substr(0, parsed->output.find('\n'));
  if (parsed->exit_code != 0 || !is_object_id(id))
    return Unexpected{"there is no commit '" + revision + "' in " + repository_ +
                      ": name a branch, a tag or a commit id of it; an abbreviated id must be of a "
                      "branch's commit, and unambiguous"};
  return id;
}

std::optional<std::string> Mirror::default_branch(const GitLimits& limits) const {
  std::vector<std::string> arguments;
  forbid_questions(arguments, repository_);
  arguments.insert(arguments.end(), {"ls-remote", "--symref"});
  add_upload_pack(arguments, repository_);
  arguments.insert(arguments.end(), {"--", repository_, "HEAD"});
  auto listed = run_git({}, arguments, limits);
  constexpr std::string_view kBefore = "ref: ";
  if (!listed || listed->exit_code != 0 || !listed->output.starts_with(kBefore))
    return std::nullopt;
  return listed->output.substr(kBefore.size(), listed->output.find('\t') - kBefore.size());
}

}  // namespace seaworthy::git
