// Whether a world, run twice, goes the same way.
#ifndef KEYWALK_SIM_CHECK_DETERMINISM_H_
#define KEYWALK_SIM_CHECK_DETERMINISM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "sim/check/checked_run.h"

namespace keywalk::sim {

struct RunDifference {
  std::uint64_t line = 0;  // of the trace, from 0
  std::string first;       // as TraceLines writes it; empty: the run had ended
  std::string second;
};

struct TwiceRun {
  std::optional<RunDifference> difference;  // the first; nullopt: both runs were the same
  std::uint64_t requests = 0;               // of one of them
  std::uint64_t events = 0;
  Instant end{};
};

// Runs the world twice at once, an event of each in turn, so that nothing has to be kept; up to the
// first difference.
TwiceRun RunTwice(const CheckedWorld& checked);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_DETERMINISM_H_
