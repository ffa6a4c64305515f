#include "shared/http/stream.h"

#include <utility>  // before Boost 1.74, which forgets it
//
#include <array>
#include <boost/asio.hpp>
#include <cstdio>
#include <deque>
#include <vector>

#include "shared/http/head.h"
#include "shared/model/limits.h"

namespace seaworthy::http {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using Piece = std::shared_ptr<const std::string>;

class OpenStream final : public Stream, public std::enable_shared_from_this<OpenStream> {
 public:
  OpenStream(asio::ip::tcp::socket socket, const StreamForm& form, std::shared_ptr<void> counted)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        form_(form),
        counted_(std::move(counted)) {}

  void start() {
    Error ignored;
    if (!form_.is_text)
      socket_.set_option(asio::socket_base::send_buffer_size(kEventBufferBytes), ignored);
    queue_.push_back(
        std::make_shared<const std::string>(head_of_stream(form_.is_text, form_.in_chunks)));
    watch();
    if (form_.is_head) ending_ = true;
    write();
  }

  void send(Piece piece) override {
    if (closed_ || ending_ || piece->empty()) return;
    if (queue_.size() >= limits::kHttpStreamPieces) return close();
    if (form_.in_chunks) {
      std::array<char, 24> size{};
      std::snprintf(size.data(), size.size(), "%zx\r\n", piece->size());
      queue_.push_back(std::make_shared<const std::string>(size.data()));
      queue_.push_back(std::move(piece));
      queue_.push_back(std::make_shared<const std::string>("\r\n"));
    } else {
      queue_.push_back(std::move(piece));
    }
    if (!writing_) write();
  }

  void end() override {
    if (closed_ || ending_) return;
    ending_ = true;
    if (form_.in_chunks) queue_.push_back(std::make_shared<const std::string>("0\r\n\r\n"));
    if (!writing_) write();
  }

  void cut() override { close(); }
  bool is_open() const override { return !closed_; }
  void when_taken(std::function<void()> call) override { when_taken_ = std::move(call); }
  void when_closed(std::function<void()> call) override {
    if (closed_) return call();
    when_closed_ = std::move(call);
  }

 private:
  // Nothing is expected from the reader; but so its going away is seen at once.
  void watch() {
    socket_.async_read_some(asio::buffer(ignored_), [me = shared_from_this()](Error error, size_t) {
      if (error)
        me->close();
      else
        me->watch();
    });
  }

  void write() {
    if (closed_) return;
    if (queue_.empty()) return ending_ ? finish() : rest();
    writing_ = true;
    std::vector<asio::const_buffer> buffers;
    while (!queue_.empty() && out_.size() < kAtOnce) {
      out_.push_back(std::move(queue_.front()));
      queue_.pop_front();
      buffers.push_back(asio::buffer(*out_.back()));
    }
    wait(form_.deadline);
    asio::async_write(socket_, buffers, [me = shared_from_this()](Error error, size_t) {
      me->out_.clear();
      me->writing_ = false;
      if (error) return me->close();
      me->write();
    });
  }

  // All is taken. A stream of events says now and then that it is alive, also to what stands
  // between it and its reader.
  void rest() {
    queue_.shrink_to_fit();
    out_.shrink_to_fit();
    wait(form_.is_text ? Duration{0} : limits::kHttpPing);
    if (const auto call = when_taken_) call();  // which may close this
  }

  void wait(Duration time) {
    timer_.cancel();
    if (time == Duration{0}) return;
    timer_.expires_after(time);
    timer_.async_wait([me = shared_from_this()](Error error) {
      if (error || me->closed_) return;
      if (me->writing_) return me->close();
      static const Piece ping = std::make_shared<const std::string>(": ping\n\n");
      me->send(ping);
    });
  }

  void finish() {
    Error ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    close();
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    Error ignored;
    timer_.cancel();
    socket_.close(ignored);
    counted_.reset();
    when_taken_ = nullptr;
    if (auto call = std::exchange(when_closed_, nullptr)) call();
  }

  static constexpr size_t kAtOnce = 64;
  // The kernel's part of what a page that takes nothing costs: events are short, pages are many.
  static constexpr int kEventBufferBytes = 16 * 1024;

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  StreamForm form_;
  std::shared_ptr<void> counted_;
  std::deque<Piece> queue_;
  std::vector<Piece> out_;  // being written
  std::array<char, 64> ignored_{};
  bool writing_ = false;
  bool ending_ = false;
  bool closed_ = false;
  std::function<void()> when_taken_;
  std::function<void()> when_closed_;
};

}  // namespace

std::shared_ptr<Stream> open_stream(asio::ip::tcp::socket socket, const StreamForm& form,
                                    std::shared_ptr<void> counted) {
  auto stream = std::make_shared<OpenStream>(std::move(socket), form, std::move(counted));
  stream->start();
  return stream;
}

}  // namespace seaworthy::http
