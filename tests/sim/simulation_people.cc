// People who pause repositories and drain workers, and in the end undo all of it.
#include "tests/sim/simulation.h"

namespace seaworthy::sim {
namespace {

constexpr broker::PeerNumber kPerson = 999'999'999;  // nobody hears what it is answered
constexpr const char* kRepositories[] = {"/srv/project", "/srv/other"};

}  // namespace

void Simulation::let_people_act(int64_t until_ms) {
  const uint64_t count = random_.chance(400) ? random_.below(8) : 0;
  for (uint64_t i = 0; i < count; ++i) {
    const bool begins = random_.chance(600);
    wire::Message message;
    if (random_.chance(500))
      message = wire::PauseRepository{kRepositories[random_.below(2)], begins};
    else
      message = wire::DrainWorker{workers_[random_.below(workers_.size())].name, begins};
    at(static_cast<int64_t>(random_.below(static_cast<uint64_t>(until_ms))),
       [this, message] { to_broker(kPerson, message, ""); });
  }
}

// Again and again: what was said before may still be on its way.
void Simulation::undo_what_people_did(int more) {
  for (const char* repository : kRepositories)
    to_broker(kPerson, wire::PauseRepository{repository, false}, "");
  for (const WorkerNode& node : workers_)
    to_broker(kPerson, wire::DrainWorker{node.name, false}, "");
  constexpr int64_t kAgain = 20'000;
  if (more > 0) at(now_ + kAgain, [this, more] { undo_what_people_did(more - 1); });
}

}  // namespace seaworthy::sim
