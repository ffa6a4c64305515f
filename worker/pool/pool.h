// Pool is the loop of `seaworthy-worker --pool MIN..MAX`: it asks the broker what waits, hears what
// its workers do, and starts and stops them as the core (core.h) decides. It takes no jobs itself.
// Each worker is a process of its own, with its own name and directory, so that what befalls one
// befalls no other. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/io/fd.h"
#include "shared/io/keys.h"
#include "shared/io/notify.h"
#include "worker/pool/child_process.h"
#include "worker/pool/core.h"
#include "worker/pool/demand.h"

namespace seaworthy::worker::pool {

struct PoolOptions {
  std::vector<std::string> brokers;
  std::optional<io::Key> key;
  std::vector<std::string> labels;
  Settings settings;
  std::filesystem::path state;         // locked by the caller; a worker's directory is below it
  std::string name;                    // a worker's is NAME/SLOT
  std::string leader;                  // of its workers: see LeaderProgram::path
  std::vector<std::string> arguments;  // of each worker, but for its state and name
};

class Pool {
 public:
  // `signals` delivers SIGTERM and SIGINT: the first drains all workers, the second makes them
  // leave at once.
  Pool(PoolOptions options, io::Fd signals, io::Supervisor supervisor);
  // Until the core says Exit.
  void run();

 private:
  void wait();
  void take_signals();
  void take_words_of_workers();
  void step(const Event& event);
  void perform(const Effect& effect);
  void start(Slot slot);

  PoolOptions options_;
  io::Fd signals_;
  io::Supervisor supervisor_;  // is told of the pool; its workers are the pool's affair
  DemandQuestion demand_;
  Core core_;
  std::map<Slot, ChildProcess> workers_;
  std::vector<Event> happened_;  // by doing what the core wanted
  bool asked_to_stop_ = false;
  bool exiting_ = false;
};

// " for [linux, gpu]": whose jobs are meant, for people; nothing without labels.
std::string wanted(const std::vector<std::string>& labels);

// What a worker of a pool is started with. Options that make a pool must not reach it by the
// environment.
std::vector<std::string> environment_of_workers();

}  // namespace seaworthy::worker::pool
