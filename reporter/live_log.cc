#include "reporter/live_log.h"

#include <utility>

namespace seaworthy::reporter {
namespace {

constexpr Duration kLook{500};  // for more output, while the job runs

class LiveLog : public std::enable_shared_from_this<LiveLog> {
 public:
  LiveLog(const RawLogRoute& route, Asker& asker, http::Server& server)
      : at_(route), asker_(asker), server_(server) {}

  void start(std::shared_ptr<http::Exchange> exchange,
             std::function<void(http::Exchange&, const io::ClientError&)> fail) {
    ask([me = shared_from_this(), exchange = std::move(exchange),
         fail = std::move(fail)](const Asked& first) {
      if (!first) return fail(*exchange, first.error());
      me->at_.attempt = first->attempt;
      me->stream_ = exchange->stream(true);
      me->stream_->when_taken([me] { me->go_on(); });
      me->take(first);
    });
  }

 private:
  void ask(std::function<void(const Asked&)> then) {
    const RawLogRoute at = at_;
    asker_.ask(
        "output " + std::to_string(at.job.value) + " " + std::to_string(at.attempt.value) + " " +
            std::to_string(at.offset),
        [at](io::Client& client) { return fetch_output(client, at.job, at.attempt, at.offset); },
        [then = std::move(then)](const std::shared_ptr<const Asked>& asked) { then(*asked); });
  }

  void take(const Asked& asked) {
    if (!stream_->is_open()) return;
    if (!asked) {
      // A broker that is away comes back, and knows all of it still.
      if (asked.error().kind == io::ClientError::Kind::NoAnswer) return look_again();
      return stream_->cut();
    }
    if (!at_.attempt) at_.attempt = asked->attempt;  // it has begun
    at_.offset += asked->bytes.size();
    if (asked->bytes.empty() && !asked->complete) return look_again();
    if (!asked->bytes.empty()) stream_->send(std::make_shared<const std::string>(asked->bytes));
    if (asked->complete) stream_->end();
  }

  // All of the last piece was taken.
  void go_on() {
    if (std::exchange(asking_, true)) return;
    ask([me = shared_from_this()](const Asked& asked) {
      me->asking_ = false;
      me->take(asked);
    });
  }

  void look_again() {
    if (std::exchange(asking_, true)) return;
    server_.after(kLook, [me = shared_from_this()] {
      me->asking_ = false;
      if (me->stream_->is_open()) me->go_on();
    });
  }

  RawLogRoute at_;
  Asker& asker_;
  http::Server& server_;
  std::shared_ptr<http::Stream> stream_;
  bool asking_ = false;
};

}  // namespace

Asked fetch_output(io::Client& client, JobId job, AttemptNumber attempt, uint64_t offset,
                   bool with_times) {
  auto answer = client.ask(wire::FetchOutput{job, attempt, offset, 0, with_times});
  if (!answer) return Unexpected{answer.error()};
  auto* data = std::get_if<wire::OutputData>(&answer->message);
  if (data == nullptr)
    return Unexpected{
        io::ClientError{io::ClientError::Kind::Refused,
                        "the broker did not answer with output: are both of one release?",
                        wire::ErrorCode::BadMessage}};
  Found found;
  found.bytes = std::move(answer->blob);
  found.offset = data->offset;
  found.attempt = data->attempt;
  found.total = data->total;
  found.complete = data->complete;
  found.assigned = data->assigned;
  found.times = std::move(data->times);
  return found;
}

void send_log(const RawLogRoute& route, std::shared_ptr<http::Exchange> exchange, Asker& asker,
              http::Server& server,
              std::function<void(http::Exchange&, const io::ClientError&)> fail) {
  std::make_shared<LiveLog>(route, asker, server)->start(std::move(exchange), std::move(fail));
}

}  // namespace seaworthy::reporter
