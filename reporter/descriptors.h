// How many connections the system allows this process. Raises its soft limit to the hard one.
#pragma once

#include <cstddef>

namespace seaworthy::reporter {

// `wanted`, or fewer where there are no descriptors for more, which is said in the log. Throws
// std::runtime_error where there are too few for any.
size_t connections_that_fit(size_t wanted);

}  // namespace seaworthy::reporter
