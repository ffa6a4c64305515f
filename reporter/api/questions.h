// What the API asks of the broker, and how it says the answer. On the asker's thread.
#pragma once

#include "reporter/api/routes.h"
#include "reporter/asker.h"

namespace seaworthy::reporter::api {

Asked ask(io::Client& client, const ListBuilds& route);
Asked ask(io::Client& client, const ShowBuild& route);
Asked ask(io::Client& client, const FetchLog& route);
Asked ask(io::Client& client, const ShowQueue& route);
Asked ask(io::Client& client, const ListWorkers& route);
Asked ask(io::Client& client, const ListRepositories& route);
Asked ask(io::Client& client, const ListEvents& route);

}  // namespace seaworthy::reporter::api
