#include "broker/core/change.h"

#include "shared/base/overloaded.h"

namespace seaworthy::broker {

std::optional<wire::EventKind> event_kind(const ChangeBody& body) {
  using Kind = std::optional<wire::EventKind>;
  using wire::EventKind;
  return std::visit(
      overloaded{
          [](const BuildSubmitted&) -> Kind { return EventKind::BuildSubmitted; },
          [](const AttemptAssigned&) -> Kind { return EventKind::AttemptAssigned; },
          [](const AttemptReattached&) -> Kind { return EventKind::AttemptReattached; },
          [](const AttemptAdopted&) -> Kind { return EventKind::AttemptAdopted; },
          [](const AttemptReturned&) -> Kind { return EventKind::AttemptReturned; },
          [](const AttemptLost&) -> Kind { return EventKind::AttemptLost; },
          [](const AttemptEnded&) -> Kind { return EventKind::AttemptFinished; },
          [](const AttemptSuperseded&) -> Kind { return EventKind::AttemptSuperseded; },
          [](const CancelRequested&) -> Kind { return EventKind::CancelRequested; },
          [](const JobFinished&) -> Kind { return EventKind::JobFinished; },
          [](const BuildFinished&) -> Kind { return EventKind::BuildFinished; },
          [](const RequestTaken&) -> Kind { return std::nullopt; },
          [](const HeadAdvanced&) -> Kind { return std::nullopt; },
          [](const CursorSaved&) -> Kind { return std::nullopt; },
          [](const RepositoryPaused&) -> Kind { return std::nullopt; },
          [](const OutputStored&) -> Kind { return std::nullopt; },
          [](const BuildRemoved&) -> Kind { return std::nullopt; },
      },
      body);
}

}  // namespace seaworthy::broker
