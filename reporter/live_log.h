// LiveLog sends a job's output to one reader as bytes, and goes on while the job writes: what
// `curl -N` shows. The next piece is asked for when the last one was taken, so a slow reader costs
// one piece of memory. Keeps itself while its stream is open. The server's thread.
#pragma once

#include <memory>

#include "reporter/asker.h"
#include "reporter/routes.h"
#include "shared/http/server.h"

namespace seaworthy::reporter {

// One piece of output, and whether more can come. For all pages of logs.
Asked fetch_output(io::Client& client, JobId job, AttemptNumber attempt, uint64_t offset,
                   bool with_times = false);

// Answers 404 or 503 by `fail` if the first piece cannot be had.
void send_log(const RawLogRoute& route, std::shared_ptr<http::Exchange> exchange, Asker& asker,
              http::Server& server,
              std::function<void(http::Exchange&, const io::ClientError&)> fail);

}  // namespace seaworthy::reporter
