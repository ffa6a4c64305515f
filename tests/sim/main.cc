// sim: runs seeds and says which promises were broken. For one seed: what happened, line by line.
#include <chrono>
#include <cstring>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "tests/sim/simulation.h"

namespace {

using namespace seaworthy::sim;

struct Options {
  uint64_t first = 1;
  uint64_t count = 2'000;
  uint64_t stop_after = 10;  // seeds that broke a promise
  bool transcript = false;
  std::set<size_t> without;
};

constexpr const char* kUsage =
    "sim [--first N] [--seeds N] [--stop-at-first]      run this many seeds from this one on\n"
    "sim --seed N [--without FAULT,FAULT…] [--transcript]      run one, without some of its "
    "faults\n";

std::set<size_t> numbers(const std::string& text) {
  std::set<size_t> all;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) all.insert(std::stoull(word));
  return all;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--stop-at-first") == 0)
      options.stop_after = 1;
    else if (std::strcmp(argv[i], "--transcript") == 0)
      options.transcript = true;
    else if (std::strcmp(argv[i], "--first") == 0 && has_value)
      options.first = std::stoull(argv[++i]);
    else if (std::strcmp(argv[i], "--seeds") == 0 && has_value)
      options.count = std::stoull(argv[++i]);
    else if (std::strcmp(argv[i], "--without") == 0 && has_value)
      options.without = numbers(argv[++i]);
    else if (std::strcmp(argv[i], "--seed") == 0 && has_value)
      options.first = std::stoull(argv[++i]), options.count = 1;
    else
      return false;
  }
  return true;
}

// Each must have happened, or the faults do not bite and the promises are not tested.
bool report_sometimes(const Sometimes& all) {
  const std::pair<const char*, uint64_t> counters[] = {
      {"attempts executed", all.executions},
      {"broker crashes", all.broker_crashes},
      {"changes forgotten by a crash", all.changes_forgotten},
      {"worker crashes", all.worker_crashes},
      {"leases re-attached", all.reattached},
      {"attempts adopted", all.adopted},
      {"attempts lost", all.lost},
      {"attempts returned", all.returned},
      {"outcomes superseded", all.superseded},
      {"outcomes brought after a worker's restart", all.outcomes_after_worker_restart},
      {"submits answered as duplicates", all.duplicate_submits},
      {"jobs cancelled", all.cancelled},
      {"jobs inconclusive", all.inconclusive},
      {"jobs skipped", all.skipped},
      {"attempts fenced: ended when their worker came back too late", all.fenced},
      {"jobs declined", all.declined},
      {"outputs truncated", all.truncated},
      {"submits refused while the disk was full", all.refused},
      {"builds removed", all.removed},
      {"repositories paused", all.paused},
      {"workers that came back drained", all.drained},
      {"messages of a broker that was dead by then", all.last_words},
      {"attempts that killed their worker", all.killers},
      {"jobs with labels handed out", all.turns.with_labels},
      {"jobs that waited for their concurrency group", all.turns.groups_waited},
      {"builds ended by a newer one of their group", all.turns.ended_by_newer},
      {"turns of a repository with fewer running jobs", all.turns.fair},
      {"turns of a higher priority", all.turns.priorities},
      {"turns of the oldest job of a repository", all.turns.oldest},
      {"jobs that no worker could run", all.turns.unmatched},
  };
  bool all_happened = true;
  for (const auto& [name, count] : counters) {
    std::cout << "  " << name << ": " << count << "\n";
    all_happened = all_happened && count > 0;
  }
  return all_happened;
}

// The promise that breaks; an exception out of a core or the store breaks all of them.
std::optional<std::string> broken_by(Simulation& simulation) {
  try {
    simulation.run();
    return std::nullopt;
  } catch (const Violation& violation) {
    return violation.what;
  } catch (const std::exception& error) {
    return std::string("an exception: ") + error.what();
  }
}

// Leaves out one fault after the other as long as some promise still breaks without it.
std::set<size_t> shrink(uint64_t seed, size_t faults) {
  std::set<size_t> without;
  for (size_t fault = 0; fault < faults; ++fault) {
    std::set<size_t> fewer = without;
    fewer.insert(fault);
    Simulation simulation(seed, nullptr, fewer);
    if (broken_by(simulation)) without = fewer;
  }
  return without;
}

std::string in_words(const std::set<size_t>& faults) {
  std::string text;
  for (size_t fault : faults) text += (text.empty() ? " --without " : ",") + std::to_string(fault);
  return text;
}

bool run_seed(uint64_t seed, const Options& options, Sometimes& all) {
  Simulation simulation(seed, options.transcript ? &std::cout : nullptr, options.without);
  if (std::optional<std::string> broken = broken_by(simulation)) {
    std::cout << "seed " << seed << ": " << *broken << std::endl;
    if (!options.transcript)
      std::cout << "  what happens, with as few faults as it takes: sim --seed " << seed
                << in_words(shrink(seed, simulation.faults().size())) << " --transcript"
                << std::endl;
    return false;
  }
  all.add(simulation.sometimes());
  if (seed % 100 != 0) return true;
  Simulation again(seed, nullptr);
  again.run();
  if (again.fingerprint() == simulation.fingerprint()) return true;
  std::cout << "seed " << seed << ": two runs differ: something is not deterministic\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  const auto started = std::chrono::steady_clock::now();
  Sometimes all;
  uint64_t failed = 0;
  for (uint64_t seed = options.first;
       seed < options.first + options.count && failed < options.stop_after; ++seed)
    failed += !run_seed(seed, options, all);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::cout << options.count << " seeds, " << all.messages << " messages, "
            << all.simulated_ms / 3'600'000 << " simulated hours in " << took.count() << " s; "
            << failed << " broke a promise\n";
  if (options.count == 1) return failed != 0;
  const bool all_happened = report_sometimes(all);
  if (!all_happened) std::cout << "something never happened: the faults do not reach it\n";
  return failed != 0 || !all_happened;
}
