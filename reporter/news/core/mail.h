// Mail: a finished build as a message of RFC 5322, plain text and HTML in one, with CRLF
// throughout. Its Message-ID follows from the event, so that a second copy can be told; mails of
// one branch of one repository refer to one thread. Nothing in names, subjects or output can add a
// header, a part or an address. Pure.
#pragma once

#include <string>

#include "reporter/news/core/plan.h"
#include "reporter/news/core/story.h"

namespace seaworthy::reporter::news {

// `thread`: a word of letters and digits, the same for all mails of one branch.
std::string compose_mail(const Target& target, const Story& story, const std::string& thread);

}  // namespace seaworthy::reporter::news
