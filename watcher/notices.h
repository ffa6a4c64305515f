// NoticeListener waits at the broker for "look at this repository" (Notify, from hooks and people)
// and wakes the watches concerned. A notice that is lost costs a poll interval. Its own thread,
// since it waits for the broker all the time.
#pragma once

#include <zmq.hpp>

#include <functional>

#include "shared/io/client.h"
#include "watcher/event.h"
#include "watcher/options.h"

namespace seaworthy::watcher {

class NoticeListener {
 public:
  // `wake` is called in this thread with a repository, or with none for all of them. `listening` is
  // raised once no notice is missed any more, or none will ever come.
  using Wake = std::function<void(const std::string* repository)>;
  NoticeListener(zmq::context_t& context, const WatchOptions& options, const Event& stop,
                 const Event& listening, Wake wake);

  // Until `stop` is raised.
  void run();

 private:
  const Event& stop_;
  const Event& listening_;
  Wake wake_;
  bool conversation_lost_ = false;
  io::Client client_;
};

}  // namespace seaworthy::watcher
