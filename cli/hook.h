// hook install: makes git say "look" after each commit or push. Works on repositories of this
// machine, bare or not, with core.hooksPath and worktrees as git itself sees them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/outcome.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct HookOptions {
  std::string repository;
  std::string known_as;  // what the watcher was given, if that is another name; empty: the path
  std::string broker;    // empty: not written into the hook
  std::string key_file;  // the same
};

struct InstalledHooks {
  std::filesystem::path directory;
  std::vector<std::string> names;
  std::vector<std::string> kept;  // hooks that were there before and are called first
};

// May be repeated: our own hook is replaced, what was there before it stays.
Result<InstalledHooks> install_hooks(const HookOptions& options);

Ended hook_install(const HookOptions& options, Screen& screen);

}  // namespace seaworthy::cli
