// Ports for programs that cannot choose one themselves and say which.
#ifndef KEYWALK_CONFORMANCE_FREE_PORTS_H_
#define KEYWALK_CONFORMANCE_FREE_PORTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "keywalk/result.h"

namespace keywalk::conformance {

// Different TCP ports of the loopback that were free a moment ago: none that the kernel gives to
// outgoing connections, so that no client takes one before the program does. Safe for concurrent
// use.
Result<std::vector<std::uint16_t>> FindFreePorts(std::size_t count);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_FREE_PORTS_H_
