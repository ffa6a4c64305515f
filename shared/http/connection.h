// A connection of one browser: reads requests one after the other, writes answers, and becomes a
// stream when the handler wants one. Included by the server only: with it comes Boost.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "shared/http/server.h"

namespace seaworthy::http {

// Outlives all connections.
struct Rules {
  Duration deadline;
  size_t body_bytes;  // of a request; 0: none has one
  Handler handler;
};

// `counted` is held as long as the connection is open.
void serve_connection(boost::asio::ip::tcp::socket socket, const Rules& rules,
                      std::shared_ptr<void> counted);

// One too many: says so and closes.
void refuse_connection(boost::asio::ip::tcp::socket socket, const Rules& rules,
                       std::shared_ptr<void> counted);

}  // namespace seaworthy::http
