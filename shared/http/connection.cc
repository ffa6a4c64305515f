#include "shared/http/connection.h"

#include <poll.h>

#include <utility>  // before Boost 1.74, which forgets it
//
#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <limits>
#include <optional>

#include "shared/http/head.h"
#include "shared/http/stream.h"
#include "shared/model/limits.h"

namespace seaworthy::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = beast::http;
using Error = boost::system::error_code;

std::string text_of(beast::string_view view) { return {view.data(), view.size()}; }

// How a request that cannot be read is answered.
Answer complaint_about(Error error) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow)
    return plain_answer(431, "This request's head is longer than 16 KiB.");
  return plain_answer(400, "This is no request that HTTP/1.1 knows.");
}

class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, const Rules& rules, std::shared_ptr<void> counted)
      : stream_(std::move(socket)),
        buffer_(limits::kHttpHeadBytes),
        rules_(rules),
        counted_(std::move(counted)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(limits::kHttpHeadBytes);
    parser_->body_limit(std::numeric_limits<uint64_t>::max());  // take() looks
    stream_.expires_after(rules_.deadline);
    bhttp::async_read_header(stream_, buffer_, *parser_,
                             [me = shared_from_this()](Error error, size_t) { me->take(error); });
  }

  // One that has sent its end is gone, as browsers and proxies go. Nothing is read here while an
  // answer is awaited, so the system is asked.
  bool is_wanted() const override {
    pollfd peer{const_cast<beast::tcp_stream&>(stream_).socket().native_handle(), POLLRDHUP, 0};
    return ::poll(&peer, 1, 0) == 0;
  }

  void answer(const Answer& given) override {
    if (std::exchange(answered_, true)) return;
    const bool same = given.status == 200 && !given.etag.empty() && given.etag == known_etag_;
    Answer answer = given;
    if (same) {
      answer.status = 304;
      answer.body.clear();
    }
    out_ = head_of(answer, answer.body.size(), keeps_);
    if (!is_head_) out_ += answer.body;
    written_ = 0;
    write();
  }

  std::shared_ptr<Stream> stream(bool is_text) override {
    answered_ = true;
    stream_.expires_never();
    StreamForm form{is_text, is_text && is_1_1_, is_head_, rules_.deadline};
    return open_stream(stream_.release_socket(), form, std::exchange(counted_, nullptr));
  }

  // Answers and closes.
  void refuse(const Answer& answer_to_it) {
    keeps_ = false;
    answered_ = false;
    known_etag_.clear();
    parser_.reset();
    with_body_.reset();
    answer(answer_to_it);
  }

 private:
  void take(Error error) {
    if (error == bhttp::error::end_of_stream || error == beast::error::timeout ||
        error == asio::error::connection_reset || error == asio::error::operation_aborted ||
        error == asio::error::eof || error == bhttp::error::partial_message)
      return;  // closes: nobody holds this any more
    if (error) return refuse(complaint_about(error));
    const auto& head = parser_->get();
    is_1_1_ = head.version() >= 11;
    keeps_ = head.keep_alive();
    is_head_ = head.method() == bhttp::verb::head;
    known_etag_ = text_of(head[bhttp::field::if_none_match]);
    const bool is_post = head.method() == bhttp::verb::post && rules_.body_bytes > 0;
    if (head.method() != bhttp::verb::get && !is_head_ && !is_post) return refuse(no_such_method());
    const bool has_body = parser_->chunked() || parser_->content_length().value_or(0) > 0;
    if (!has_body) return hand_over(request_of(head));
    if (!is_post) return refuse(plain_answer(413, "A request of this kind has no body."));
    if (parser_->content_length().value_or(0) > rules_.body_bytes) return refuse(too_long());
    with_body_.emplace(std::move(*parser_));
    parser_.reset();
    with_body_->body_limit(rules_.body_bytes);
    const bool waits =
        is_1_1_ && beast::iequals(with_body_->get()[bhttp::field::expect], "100-continue");
    waits ? say_go_on() : read_body();
  }

  void say_go_on() {
    asio::async_write(stream_, asio::buffer(kGoOn), [me = shared_from_this()](Error error, size_t) {
      if (!error) me->read_body();
    });
  }

  // Within the deadline of the whole request.
  void read_body() {
    bhttp::async_read(
        stream_, buffer_, *with_body_, [me = shared_from_this()](Error error, size_t) {
          if (error == bhttp::error::body_limit) return me->refuse(me->too_long());
          if (error == bhttp::error::bad_chunk || error == bhttp::error::bad_chunk_extension)
            return me->refuse(complaint_about(error));
          if (error) return;
          Request request = me->request_of(me->with_body_->get());
          request.body = std::move(me->with_body_->get().body());
          me->hand_over(std::move(request));
        });
  }

  template <class Head>
  Request request_of(const Head& head) const {
    Request request;
    request.method = is_head_                             ? Method::Head
                     : head.method() == bhttp::verb::post ? Method::Post
                                                          : Method::Get;
    request.target = text_of(head.target());
    request.host = text_of(head[bhttp::field::host]);
    request.if_none_match = known_etag_;
    request.last_event_id = text_of(head["Last-Event-ID"]);
    Error gone;
    const auto peer = stream_.socket().remote_endpoint(gone);
    if (!gone) request.peer = peer.address().to_string();
    for (const auto& field : head)
      request.fields.emplace_back(text_of(field.name_string()), text_of(field.value()));
    return request;
  }

  void hand_over(Request request) {
    parser_.reset();
    with_body_.reset();
    answered_ = false;
    stream_.expires_never();
    rules_.handler(std::move(request), shared_from_this());
  }

  Answer no_such_method() const {
    Answer answer = rules_.body_bytes > 0
                        ? plain_answer(405, "Only GET, HEAD and POST are known here.")
                        : plain_answer(405, "Only GET and HEAD: nothing can be changed here.");
    answer.fields.emplace_back("Allow", rules_.body_bytes > 0 ? "GET, HEAD, POST" : "GET, HEAD");
    return answer;
  }
  Answer too_long() const {
    return plain_answer(413, "A request here has at most " + std::to_string(rules_.body_bytes) +
                                 " bytes after its head.");
  }

  // Piece by piece: the deadline is for a reader who takes nothing, not for a slow line.
  void write() {
    const size_t length = std::min(out_.size() - written_, kPieceBytes);
    stream_.expires_after(rules_.deadline);
    asio::async_write(stream_, asio::buffer(out_.data() + written_, length),
                      [me = shared_from_this()](Error error, size_t count) {
                        if (error) return;
                        me->written_ += count;
                        if (me->written_ < me->out_.size()) return me->write();
                        me->finish();
                      });
  }

  void finish() {
    out_.clear();
    out_.shrink_to_fit();
    if (keeps_) return read();
    Error ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    linger();
  }

  // What it still sends is read, or the reset that closing causes would eat our answer.
  void linger() {
    stream_.expires_after(kLinger);
    drain();
  }
  void drain() {
    if (drained_ > limits::kHttpHeadBytes * 64 + 4 * rules_.body_bytes) return;
    stream_.async_read_some(asio::buffer(ignored_),
                            [me = shared_from_this()](Error error, size_t count) {
                              me->drained_ += count;
                              if (!error) me->drain();
                            });
  }

  static constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
  static constexpr size_t kPieceBytes = 64 * 1024;
  static constexpr std::chrono::seconds kLinger{2};

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  const Rules& rules_;
  std::shared_ptr<void> counted_;
  std::optional<bhttp::request_parser<bhttp::empty_body>> parser_;
  std::optional<bhttp::request_parser<bhttp::string_body>> with_body_;
  std::string known_etag_;
  std::string out_;
  size_t written_ = 0;
  size_t drained_ = 0;
  std::array<char, 1024> ignored_{};
  bool is_head_ = false;
  bool is_1_1_ = true;
  bool keeps_ = false;
  bool answered_ = false;
};

}  // namespace

void serve_connection(asio::ip::tcp::socket socket, const Rules& rules,
                      std::shared_ptr<void> counted) {
  std::make_shared<Connection>(std::move(socket), rules, std::move(counted))->read();
}

void refuse_connection(asio::ip::tcp::socket socket, const Rules& rules,
                       std::shared_ptr<void> counted) {
  Answer answer = plain_answer(
      503,
      "Too many connections are open: try again soon. seaworthy-reporter --connections says "
      "how many there may be.");
  answer.retry_after_s = 5;
  std::make_shared<Connection>(std::move(socket), rules, std::move(counted))->refuse(answer);
}

}  // namespace seaworthy::http
