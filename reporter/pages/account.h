// The pages around signing in: the form, who one is, and for admins who else is there. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "reporter/entry/sessions.h"
#include "reporter/entry/visitor.h"
#include "reporter/pages/frame.h"

namespace seaworthy::reporter::pages {

// `to`: where to go on; `trouble`: why the last attempt failed, if it did.
Page sign_in_page(std::string_view to, std::string_view trouble);
// `sessions`: for an admin; else empty.
Page account_page(const Visitor& visitor, const std::vector<Session>& sessions, UnixMillis now);
// This one may not.
Page refused_page(std::string_view why);
// There is no way to sign in here.
Page no_sign_in_page();

}  // namespace seaworthy::reporter::pages
