// OpenStream is a connection that is written to as things happen. Included by the connection only:
// with it comes Boost.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "shared/http/server.h"

namespace seaworthy::http {

struct StreamForm {
  bool is_text = false;
  bool in_chunks = false;  // as HTTP/1.1 has them
  bool is_head = false;    // its reader wants the first lines only
  Duration deadline;       // for its reader to take what was sent
};

// `counted` is held as long as the stream is open.
std::shared_ptr<Stream> open_stream(boost::asio::ip::tcp::socket socket, const StreamForm& form,
                                    std::shared_ptr<void> counted);

}  // namespace seaworthy::http
