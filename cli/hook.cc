#include "cli/hook.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "cli/hook_script.h"
#include "cli/local_git.h"
#include "cli/programs.h"
#include "shared/git/mirror.h"
#include "shared/io/fd.h"

namespace seaworthy::cli {
namespace {

namespace fs = std::filesystem;

struct HookPlace {
  fs::path directory;
  bool bare = false;
  std::string repository;  // the top of the worktree, where there is one
};

Result<HookPlace> find_hooks(const std::string& repository) {
  auto failed = [&](const std::string& why) {
    return Unexpected{"cannot install a hook in " + repository + ": " + why +
                      ": hooks go into a git repository on this machine"};
  };
  auto bare = ask_git(repository, {"rev-parse", "--is-bare-repository"});
  if (!bare) return failed(bare.error());
  auto path = ask_git(repository, {"rev-parse", "--git-path", "hooks"});
  if (!path) return failed(path.error());
  fs::path directory(*path);
  if (directory.is_relative()) directory = fs::path(repository) / directory;
  auto top = ask_git(repository, {"rev-parse", "--show-toplevel"});
  return HookPlace{directory.lexically_normal(), *bare == "true", top ? *top : repository};
}

std::vector<std::string> hooks_for(bool bare) {
  if (bare) return {"post-receive"};
  return {"post-commit", "post-merge", "post-rewrite", "post-receive"};
}

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// git runs a hook as a whole or not at all: written beside, then renamed.
Result<Done> write_script(const fs::path& file, const std::string& text) {
  const std::string beside = file.string() + ".new";
  auto failed = [&] { return Unexpected{io::errno_text("cannot write " + beside)}; };
  unlink(beside.c_str());
  io::Fd fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
  if (!fd) return failed();
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return failed();
  if (rename(beside.c_str(), file.c_str()) != 0) return failed();
  return Done{};
}

// Moves a hook that is not ours aside; true if one is to be called first.
Result<bool> keep_older(const fs::path& hook) {
  const fs::path kept = hook.parent_path() / kept_name(hook.filename().string());
  std::error_code error;
  const bool has_kept = fs::symlink_status(kept, error).type() != fs::file_type::not_found;
  const bool has_hook = fs::symlink_status(hook, error).type() != fs::file_type::not_found;
  if (!has_hook || is_ours(content_of(hook))) return has_kept;
  if (has_kept)
    return Unexpected{"cannot keep the hook " + hook.string() + ": " + kept.string() +
                      " is there from an earlier installation; join the two by hand, remove one, "
                      "and try again"};
  fs::rename(hook, kept, error);
  if (error) return Unexpected{"cannot rename " + hook.string() + ": " + error.message()};
  return true;
}

}  // namespace

Result<InstalledHooks> install_hooks(const HookOptions& options) {
  auto place = find_hooks(options.repository);
  if (!place) return Unexpected{place.error()};
  std::error_code error;
  fs::create_directories(place->directory, error);
  if (error) return Unexpected{"cannot make " + place->directory.string() + ": " + error.message()};
  InstalledHooks installed{place->directory, hooks_for(place->bare), {}};
  HookScript script;
  script.program = this_binary().string();
  script.broker = options.broker;
  if (!options.key_file.empty()) script.key_file = fs::absolute(options.key_file).string();
  script.repository =
      options.known_as.empty() ? git::canonical_repository(place->repository) : options.known_as;
  for (const std::string& name : installed.names) {
    const fs::path hook = place->directory / name;
    auto kept = keep_older(hook);
    if (!kept) return Unexpected{kept.error()};
    if (*kept) installed.kept.push_back(name);
    script.name = name;
    if (auto written = write_script(hook, script_text(script)); !written)
      return Unexpected{written.error()};
  }
  return installed;
}

Ended hook_install(const HookOptions& options, Screen& screen) {
  auto installed = install_hooks(options);
  if (!installed) return Unexpected{installed.error()};
  for (const std::string& name : installed->names)
    screen.line("installed " + (installed->directory / name).string());
  for (const std::string& name : installed->kept)
    screen.line("kept      " + (installed->directory / kept_name(name)).string() +
                ", called first");
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
