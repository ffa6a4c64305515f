#include "cli/hook_script.h"

namespace seaworthy::cli {
namespace {

constexpr std::string_view kMark = "# Written by `seaworthy hook install`";

}  // namespace

std::string kept_name(std::string_view hook) { return std::string(hook) + ".before-seaworthy"; }

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@";
  const bool is_plain = !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos;
  return is_plain ? std::string(text) : shell_quoted(text);
}

bool is_ours(std::string_view hook_text) { return hook_text.find(kMark) != std::string_view::npos; }

// The older hook has our stdin and arguments, and its exit code is ours. The notice goes out in the
// background with nothing of git's open, so that git does not wait for it.
std::string script_text(const HookScript& script) {
  std::string notify = "\"$seaworthy\" notify";
  if (!script.broker.empty()) notify += " --broker " + shell_quoted(script.broker);
  if (!script.key_file.empty()) notify += " --key " + shell_quoted(script.key_file);
  notify += " -- " + shell_quoted(script.repository);
  return "#!/bin/sh\n" + std::string(kMark) +
         ": tells the watcher to look at this repository.\n"
         "# It never fails or delays git. What was here before is called first.\n"
         "before=\"${0%/*}/" +
         kept_name(script.name) +
         "\"\n"
         "status=0\n"
         "if [ -x \"$before\" ]; then \"$before\" \"$@\"; status=$?; fi\n"
         "seaworthy=" +
         shell_quoted(script.program) +
         "\n"
         "[ -x \"$seaworthy\" ] || seaworthy=seaworthy\n" +
         notify +
         " </dev/null >/dev/null 2>&1 &\n"
         "exit $status\n";
}

}  // namespace seaworthy::cli
