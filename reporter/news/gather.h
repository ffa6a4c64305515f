// Gather asks the broker for all that a target may be told of an event, anew at each try: what
// came before, the jobs, and the last lines of those that failed. A thread's own client; blocks.
#pragma once

#include <optional>
#include <string>

#include "reporter/news/core/plan.h"
#include "reporter/news/core/story.h"
#include "shared/io/client.h"

namespace seaworthy::reporter::news {

// None: no rule wants the target to be told, after all.
Result<std::optional<Story>, io::ClientError> gather(io::Client& client, const Plan& plan,
                                                     size_t target, const wire::EventRow& event,
                                                     const std::string& pages);

}  // namespace seaworthy::reporter::news
