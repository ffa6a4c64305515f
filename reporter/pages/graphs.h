// Graphs as pictures that the server draws: no script makes them, and what they show stands beside
// them as words and links. Pure.
#pragma once

#include <vector>

#include "reporter/html.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::pages {

// How long the builds took, as bars with the oldest at the left, and how many of the ten up to each
// were good. `builds`: newest first. Nothing if fewer than two have ended.
void put_history_graph(Html& html, const std::vector<wire::BuildRow>& builds);

// Jobs from the left to the right in the order in which they may run. Nothing if none needs
// another, or if there are more than a picture can show.
void put_job_graph(Html& html, const std::vector<wire::JobRow>& jobs);

}  // namespace seaworthy::reporter::pages
