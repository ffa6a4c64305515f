// RepositoryWatch watches one repository: it looks on its timer, when it hears a ref move, and
// whenever it is told, and submits what is new. Each has its own thread, because git blocks: a
// repository that hangs, or is large and fetched for the first time, stops no other one. A thread
// shares nothing with others but the events; mirror, reader and client are its own. Being away
// is normal: a remote costs one warning and looks that become rarer, up to kRarest; a broker costs
// waiting. Nothing but the mirror is kept on disk.
#pragma once

#include <zmq.hpp>

#include <optional>
#include <string>

#include "shared/git/mirror.h"
#include "shared/git/revision_reader.h"
#include "shared/io/client.h"
#include "watcher/core/plan.h"
#include "watcher/event.h"
#include "watcher/options.h"
#include "watcher/ref_events.h"

namespace seaworthy::watcher {

class RepositoryWatch {
 public:
  // `stop`, `listening`, `context` and `options` outlive it. It looks for the first time when
  // `listening` is raised.
  RepositoryWatch(zmq::context_t& context, const WatchOptions& options, std::string repository,
                  const Event& stop, const Event& listening);

  // Until `stop` is raised.
  void run();
  // "Look now." From any thread.
  void wake() const { woken_.raise(); }
  // "A ref has moved": look, unless the kernel said it too. From any thread.
  void wake_for_move() const { told_.raise(); }
  const std::string& repository() const { return repository_; }

 private:
  // Everything once: fetch, plan, submit. The error is the reason why it could not be finished;
  // what was submitted before it is not lost.
  Result<Done> look();
  // Before a look: submits what can be submitted at once, since a ref was heard of and its commits
  // can be read in the repository itself. True if that was all that was heard; the rest, and what
  // went wrong, is the look's.
  bool submit_what_moved();
  // A notice of what comes after the first look would be missed otherwise.
  void wait_until_listening() const;
  Result<Done> open_mirror();
  Result<Done> learn_heads();
  Result<Done> submit(const RefWork& work);
  Result<Done> submit_listed(const RefWork& work, std::vector<std::string> listed);
  bool is_watched(const std::string& ref) const;
  Result<std::vector<std::string>> list_new(const RefWork& work,
                                            const std::vector<std::string>& known);
  Result<Done> submit_revisions(const RefWork& work, const std::vector<std::string>& revisions);
  Result<Done> advance(const std::string& ref, const std::string& revision);
  template <class Answer>
  Result<Answer> ask(const wire::Message& question);

  // Before a look: what moved until now will be seen by it.
  void listen();
  // After a look: true if the repository came to be during it, so that nothing was heard of it, and
  // is listened to now. What moved in between is to be looked for.
  bool begins_to_listen();
  void note_trouble(const std::string& why);
  void note_success();
  // Until the next look is due, a ref moves, or somebody asks for one.
  void pause(Duration time);
  Duration until_next_look() const;

  const WatchOptions& options_;
  const std::string repository_;
  const std::string name_;  // for people
  const Event& stop_;
  const Event& listening_;
  const Event woken_;
  const Event told_;  // that a ref has moved
  io::Client client_;
  std::optional<git::Mirror> mirror_;
  std::optional<git::RevisionReader> reader_;
  std::optional<RefEvents> ref_events_;
  std::optional<Heads> submitted_;  // none: to be asked of the broker
  bool has_fetched_ = false;
  bool conversation_lost_ = false;
  int failures_ = 0;  // looks in a row that were not finished
  std::string trouble_;
};

}  // namespace seaworthy::watcher
