#include "shared/http/server.h"

#include <utility>  // before Boost 1.74, which forgets it
//
#include <boost/asio.hpp>
#include <charconv>

#include "shared/http/connection.h"

namespace seaworthy::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Error = boost::system::error_code;

class Server::Inside {
 public:
  Inside(const ServerOptions& options, Handler handler)
      : acceptor_(io_),
        pause_(io_),
        rules_{options.deadline, options.body_bytes, std::move(handler)},
        most_(options.connections) {
    listen(options);
    accept();
  }

  void listen(const ServerOptions& options) {
    Error error;
    const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
    const asio::ip::address address = asio::ip::make_address(host, error);
    const std::string where = options.host + ":" + std::to_string(options.port);
    if (error)
      throw std::runtime_error(
          "cannot listen on " + where + ": " + options.host +
          " is no address: --listen takes one as 127.0.0.1:8080 or [::1]:8080");
    const tcp::endpoint wanted(address, options.port);
    acceptor_.open(wanted.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(wanted, error);
    if (error == asio::error::address_in_use && options.or_any_port)
      acceptor_.bind(tcp::endpoint(address, 0), error);
    if (!error) acceptor_.listen(1'024, error);
    if (error)
      throw std::runtime_error("cannot listen on " + where + ": " + error.message() +
                               ": name another address with --listen; port 0 picks one");
    const tcp::endpoint got = acceptor_.local_endpoint();
    name_ = (got.address().is_v6() ? "[" + got.address().to_string() + "]"
                                   : got.address().to_string()) +
            ":" + std::to_string(got.port());
  }

  void accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {  // out of descriptors, most likely: some will be free again
        pause_.expires_after(std::chrono::milliseconds(50));
        pause_.async_wait([this](Error cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      Error ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      socket.set_option(tcp::socket::send_buffer_size(kSendBufferBytes), ignored);
      if (*open_ < most_)
        serve_connection(std::move(socket), rules_, count_one());
      else if (*open_ < most_ + kRefusedAtOnce)
        refuse_connection(std::move(socket), rules_, count_one());
      accept();
    });
  }

  // Held by a connection while it lives.
  std::shared_ptr<void> count_one() {
    ++*open_;
    return {nullptr, [open = open_](void*) { --*open; }};
  }

  void watch(asio::posix::stream_descriptor& descriptor, const std::function<void()>& call) {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [this, &descriptor, call](Error error) {
                            if (error) return;
                            call();
                            watch(descriptor, call);
                          });
  }

  // The kernel's part of a slow reader's cost, which it would else let grow to megabytes.
  static constexpr int kSendBufferBytes = 128 * 1024;
  static constexpr size_t kRefusedAtOnce = 64;  // that are told so; more are just closed

  std::shared_ptr<size_t> open_ = std::make_shared<size_t>(0);
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Rules rules_;
  size_t most_;
  std::string name_;
  std::vector<std::unique_ptr<asio::posix::stream_descriptor>> watched_;
};

Server::Server(const ServerOptions& options, Handler handler)
    : inside_(std::make_unique<Inside>(options, std::move(handler))) {}

Server::~Server() {
  for (auto& descriptor : inside_->watched_) descriptor->release();
}

const std::string& Server::address() const { return inside_->name_; }
void Server::run() { inside_->io_.run(); }
void Server::stop() { inside_->io_.stop(); }
void Server::post(std::function<void()> call) { asio::post(inside_->io_, std::move(call)); }

void Server::after(Duration wait, std::function<void()> call) {
  auto timer = std::make_shared<asio::steady_timer>(inside_->io_, wait);
  timer->async_wait([timer, call = std::move(call)](Error error) {
    if (!error) call();
  });
}

void Server::when_readable(int fd, std::function<void()> call) {
  inside_->watched_.push_back(std::make_unique<asio::posix::stream_descriptor>(inside_->io_, fd));
  inside_->watch(*inside_->watched_.back(), call);
}

std::optional<Address> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Address address{std::string(host), 0};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return address;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  Error error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

}  // namespace seaworthy::http
