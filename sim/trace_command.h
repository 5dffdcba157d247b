// `keywalk-sim WORLD --trace FILE`: one run, told event by event.
#ifndef KEYWALK_SIM_TRACE_COMMAND_H_
#define KEYWALK_SIM_TRACE_COMMAND_H_

#include <cstdint>
#include <iosfwd>
#include <string>

#include "sim/run/simulation.h"

namespace keywalk::sim {

struct TraceOptions {
  std::string world;  // a file
  std::string policy = "coder-v1";
  std::uint64_t seed = 1;
  std::string path;  // of the trace; "-" is `out`
};

// Writes the events as they happen and, at the end, their hash on `err`. The exit status: 0, or 2
// with an error on `err`.
int RunTrace(const TraceOptions& options, const GatewayFactory& gateway, std::ostream& out,
             std::ostream& err);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_TRACE_COMMAND_H_
