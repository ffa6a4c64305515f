// seaworthy-fsck: options, one look at a store, exit code.
#include <exception>
#include <iostream>

#include "broker/fsck/fsck.h"
#include "broker/fsck/print.h"
#include "shared/io/options.h"
#include "shared/io/paths.h"

namespace {

using namespace seaworthy;

enum ExitCode { kNothingFound = 0, kFound = 1, kCouldNotLook = 2 };

struct Options {
  std::filesystem::path state = io::default_state_directory() / "broker";
  std::filesystem::path output;
  bool json = false;
};

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "seaworthy-fsck " SEAWORTHY_VERSION);
  app.add_option("--state", options.state, "Directory of the broker's store, or of `seaworthy up`")
      ->capture_default_str();
  app.add_option("--output", options.output, "Directory of the output of jobs [STATE/output]");
  app.add_flag("--json", options.json, "For programs: a stable JSON shape");
  app.footer(
      "It changes nothing, and may be run while the broker runs.\n\n"
      "Exit codes: 0 nothing found, 1 something found, 2 could not look.\n\n"
      "Examples:\n  seaworthy fsck\n  seaworthy fsck --state /var/lib/seaworthy --json");
  io::complete_options(app);
}

int complain(const std::string& text) {
  std::cerr << "seaworthy-fsck: " << text << "\n";
  return kCouldNotLook;
}

int look(const Options& options) {
  Result<fsck::Place> place = fsck::find_store(options.state, options.output);
  if (!place) return complain(place.error());
  Result<fsck::Report> report = fsck::look_at_store(*place);
  if (!report) return complain(report.error());
  std::cout << (options.json ? as_json(*report, *place) : as_text(*report)) << std::flush;
  if (!std::cout) return complain("could not write all of what was found");
  if (report->count() > 0) return kFound;
  return report->not_looked.empty() ? kNothingFound : kCouldNotLook;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Checks what a broker of Seaworthy has stored: that all of it is there and agrees.");
  add_options(app, options);
  if (auto exit_code = io::parse_options(app, argc, argv)) return *exit_code;
  try {
    return look(options);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
