#include "cli/health.h"

#include "cli/render/json.h"
#include "cli/render/text.h"
#include "shared/io/clock.h"

namespace seaworthy::cli {

Ended show_health(io::Client& client, bool json, Screen& screen) {
  auto pong = client.ask_for<wire::Pong>(wire::Ping{});
  if (!pong) return unknown(pong.error());
  if (json)
    screen.out(render::health_json(client.endpoint(), *pong));
  else
    screen.line("broker at " + client.endpoint() + " answers: version " +
                render::printable(pong->version) + ", up for " +
                render::duration(render::between(pong->started, io::wall_now())));
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
