// Actions are what a person may do here: cancel and retry a build or a job, drain a worker, pause a
// repository. A page that asks whether it is meant, and what it does, the same for a form and for
// the API. Addresses:
//
//   /builds/N/cancel  /builds/N/retry  /jobs/N/cancel  /jobs/N/retry
//   /drain?worker=NAME  /pause?repository=NAME       and with &undo=1
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reporter/asker.h"
#include "reporter/pages/frame.h"
#include "shared/json/rows.h"

namespace seaworthy::reporter {

struct Action {
  enum class Kind : uint8_t { Cancel, Retry, Drain, Pause };
  Kind kind = Kind::Cancel;
  BuildId build;  // of Cancel and Retry, one of the two
  JobId job;
  std::string name;  // a worker, or a repository
  bool undo = false;
};

// Of a page's address.
std::optional<Action> action_of(std::string_view target);
// The addresses of Drain and Pause.
std::string drain_address(std::string_view worker, bool undo);
std::string pause_address(std::string_view repository, bool undo);

// "Cancel build 12"; for logs and headings. Foreign text in it is not escaped.
std::string words_of(const Action& action);
// Where one sees what came of it, if the action does not tell.
std::string address_after(const Action& action);

// Asks whether it is meant. `target`: where the form leads.
Page confirm_page(const Action& action, std::string_view target, std::string_view form_token);

struct Carried {
  json::Json said;      // for the API
  std::string address;  // for a browser
};
// On the asker's thread. `who` and `reason`: for those who look at it later.
Result<Carried, io::ClientError> carry_out(io::Client& client, const Action& action,
                                           const std::string& who, const std::string& reason);

}  // namespace seaworthy::reporter
