// The text of the hook that `seaworthy hook install` writes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seaworthy::cli {

struct HookScript {
  std::string name;           // "post-commit"
  std::string program;        // absolute path of seaworthy; PATH is tried when it is gone
  std::string repository;     // as the watcher knows it
  std::string broker;         // endpoints; empty: the default of `seaworthy notify`
  std::string key_file = {};  // empty: none
};

// A hook that was there before is kept beside ours under this name, and called first.
std::string kept_name(std::string_view hook);

std::string script_text(const HookScript& script);
// Whether `seaworthy hook install` wrote this file, in whatever release.
bool is_ours(std::string_view hook_text);

// One word for a POSIX shell.
std::string shell_quoted(std::string_view text);
// The same, without quotes where none are needed, for people.
std::string shell_word(std::string_view text);

}  // namespace seaworthy::cli
