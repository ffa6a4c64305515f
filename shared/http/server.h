// Server speaks HTTP/1.1, and nothing else: it knows no page. One thread runs it, and
// calls the handler; other threads hand it work by post(). Boost stays in its .cc.
//
// Bounded in every way: connections (one more is told so and closed), a request's head (16 KiB) and
// the time it takes, its body, the time in which a reader must take the next piece of an
// answer, and what waits to be sent on a stream. A peer that breaks a rule is answered where HTTP
// has words for it, and its connection closed; nobody else notices.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/time.h"
#include "shared/http/message.h"

namespace seaworthy::http {

struct ServerOptions {
  std::string host = "127.0.0.1";  // an address, or "localhost"
  uint16_t port = 8080;            // 0: any
  bool or_any_port = false;        // if that one is in use
  size_t connections = 1'024;
  size_t body_bytes = 0;      // of a request; 0: only GET and HEAD
  Duration deadline{30'000};  // for a request to arrive, and for a reader to take the next piece
};

// An answer without a known end. Closes by itself when its reader is gone or too slow.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void send(std::shared_ptr<const std::string> piece) = 0;
  // After what was sent.
  virtual void end() = 0;
  // For an answer that has to break off: its reader sees that this is not the end.
  virtual void cut() = 0;
  virtual bool is_open() const = 0;
  // All that was sent was taken. Called after each time this becomes true.
  virtual void when_taken(std::function<void()> call) = 0;
  // Once, when it closes for whatever reason; whoever holds the stream lets it go.
  virtual void when_closed(std::function<void()> call) = 0;
};

// One request that waits for its answer; exactly one of the two is called, once. May be kept. Let
// go without either it closes the connection: for who has gone.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Somebody still waits for the answer.
  virtual bool is_wanted() const = 0;
  virtual void answer(const Answer& answer) = 0;
  // `is_text`: output, in pieces; else events for a page.
  virtual std::shared_ptr<Stream> stream(bool is_text) = 0;
};

using Handler = std::function<void(Request, std::shared_ptr<Exchange>)>;

class Server {
 public:
  // Listens from now on; throws std::runtime_error, with what to do, when it cannot.
  Server(const ServerOptions& options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:8080", "[::1]:8080".
  const std::string& address() const;

  // Serves until stop().
  void run();
  // Ends run() after this turn; connections are closed.
  void stop();
  // From any thread: calls it on the server's.
  void post(std::function<void()> call);
  // On the server's thread, once.
  void after(Duration wait, std::function<void()> call);
  // Each time the descriptor is readable, which stays the caller's.
  void when_readable(int fd, std::function<void()> call);

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

struct Address {
  std::string host;
  uint16_t port = 0;
};

// Of "127.0.0.1:8080" or "[::1]:8080".
std::optional<Address> parse_address(std::string_view text);

// Whether only this machine reaches it; false for names other than localhost.
bool is_loopback(const std::string& host);

}  // namespace seaworthy::http
