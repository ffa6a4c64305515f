// Options in one way for all programs: --some-option, SEAWORTHY_SOME_OPTION, or some-option = … in
// the file that
// --config names (TOML or INI). The command line wins over the environment, the environment over
// the file. CLI11 is a heavy include: main.cc and the cli's command files only.
#pragma once

#include <CLI/CLI.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/time.h"
#include "shared/io/log.h"

namespace seaworthy::io {

// A job's environment has SEAWORTHY_REF and others that describe the job. A program of ours that a
// job runs must not take them for options: `cancel --job` would cancel something else.
inline bool is_set_in_jobs(const std::string& option) {
  for (const char* name : {"attempt", "build", "job", "job-name", "ref", "repository", "revision",
                           "worker", "workspace"})
    if (option == name) return true;
  return false;
}

// Gives every option of `app` and of its subcommands its environment variable, and adds --config.
// Call it last.
inline void complete_options(CLI::App& app) {
  auto name_environment = [](CLI::App* of) {
    for (CLI::Option* option : of->get_options()) {
      if (option->get_lnames().empty()) continue;
      const std::string& name = option->get_lnames().front();
      if (name == "help" || name == "version" || is_set_in_jobs(name)) continue;
      std::string variable = "SEAWORTHY_";
      for (char c : name)
        variable.push_back(c == '-' ? '_'
                                    : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
      option->envname(variable);
    }
  };
  name_environment(&app);
  for (CLI::App* command : app.get_subcommands({})) {
    name_environment(command);
    for (CLI::App* nested : command->get_subcommands({})) name_environment(nested);
  }
  app.set_config("--config", "", "Read options from this TOML or INI file")
      ->envname("SEAWORTHY_CONFIG");
}

// An exit code if the program has nothing more to do: 0 after --help and --version, 2 for words
// that are wrong.
inline std::optional<int> parse_options(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
}

// Where the key of a program that connects comes from; the same for all of them.
inline void add_key_options(CLI::App& app, std::string& file, bool& insecure) {
  app.add_option("--key", file,
                 "File with this program's key, as `seaworthy keygen` or `invite` makes it")
      ->type_name("FILE");
  app.add_flag("--insecure", insecure,
               "Connect beyond this machine without a key: nothing is encrypted, anybody can "
               "pretend to be the broker");
}

// A time as people write it: 500ms, 5s, 1m or 2h; a number alone is seconds. More than 0.
inline void add_duration_option(CLI::App& app, const char* name, Duration& value,
                                const char* help) {
  app.add_option_function<std::string>(
         name,
         [&value, name](const std::string& text) {
           constexpr double kLongestMs = 1e12;
           double number = 0;
           const auto [end, error] =
               std::from_chars(text.data(), text.data() + text.size(), number);
           const std::string_view unit(end, text.data() + text.size());
           const double scale = unit == "ms"                  ? 1
                                : unit == "s" || unit.empty() ? 1'000
                                : unit == "m"                 ? 60'000
                                : unit == "h"                 ? 3'600'000
                                                              : 0;
           const double ms = number * scale;
           if (error != std::errc{} || !(ms > 0 && ms <= kLongestMs))
             throw CLI::ValidationError(name, text + " is no time like 500ms, 5s or 1m");
           value = Duration{static_cast<int64_t>(ms)};
         },
         help)
      ->type_name("TIME");
}

inline void add_log_options(CLI::App& app, LogOptions& log) {
  app.add_option("--log-format", log.format, "text for people, json for machines")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("--log-level", log.level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

}  // namespace seaworthy::io
