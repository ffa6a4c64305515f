// Asker puts pages' questions to the broker, one after the other, on a thread of its own: the
// server never waits. Questions of one name that wait at the same time are asked once, so a page
// that a hundred browsers load costs what one does. Bounded: one question too many is answered at
// once with why. When the broker does not answer one, those that wait are not asked either: all
// hear the same.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shared/http/message.h"
#include "shared/io/client.h"
#include "shared/io/fd.h"

namespace seaworthy::reporter {

// What came of asking: a finished answer for a browser, or a piece of a log.
struct Found {
  http::Answer answer;
  std::string bytes;
  uint64_t offset = 0;  // of the first byte
  AttemptNumber attempt;
  uint64_t total = 0;        // bytes that are stored so far
  UnixMillis assigned;       // the attempt
  OutputTimes times;         // of the bytes, if they were asked for
  bool complete = false;     // nothing comes after these
  bool is_not_done = false;  // what was asked takes more than one turn: ask again
};

using Asked = Result<Found, io::ClientError>;

class Asker {
 public:
  using Work = std::function<Asked(io::Client&)>;                  // on the asker's thread
  using Then = std::function<void(std::shared_ptr<const Asked>)>;  // where `post` calls it
  using Post = std::function<void(std::function<void()>)>;

  // `options`: of the connection; how long one question may take is the asker's to say. `context`
  // and what `post` leads to outlive it.
  Asker(zmq::context_t& context, io::ClientOptions options, Post post);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // From the server's thread. Of works with one name any may be done.
  void ask(const std::string& name, Work work, Then then);

 private:
  struct Question {
    std::string name;
    Work work;
    std::vector<Then> waiting;
  };

  void run(zmq::context_t& context, io::ClientOptions options);
  void tell(std::vector<Then> waiting, std::shared_ptr<const Asked> asked);

  Post post_;
  io::Fd interrupt_;  // readable when it is to end
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> questions_;  // guarded by mutex_, as is ending_
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace seaworthy::reporter
