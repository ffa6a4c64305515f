// Catch2 renamed its matcher for parts of strings between the versions of Debian 12 and 13.
#pragma once

#include <string>

#include "tests/support/catch.h"

namespace seaworthy::test {

#if __has_include(<catch2/catch_all.hpp>)
inline auto Contains(const std::string& part) { return Catch::Matchers::ContainsSubstring(part); }
#else
inline auto Contains(const std::string& part) { return Catch::Matchers::Contains(part); }
#endif

}  // namespace seaworthy::test
