// A run as a person reads it: a row for each thing that happens, a column for each key.
#ifndef KEYWALK_SIM_CHECK_KEY_TRACE_H_
#define KEYWALK_SIM_CHECK_KEY_TRACE_H_

#include <cstddef>
#include <string>

#include "sim/check/checked_run.h"

namespace keywalk::sim {

// Runs the world again and writes it down up to its first breach; of a long run the last `rows`
// before that.
//
//        time  request               k0              k1
//       0.000  r0 arrives            .               .
//       0.000  r0                    try             .
//       0.005  r0                    429 until 30.0  .
//       0.005  r0                    until 30.005    try
//       0.010  r0 success            until 30.005    200
//
// A key's cell: "." valid, "until T" cooling, "out" permanent, as the answers say it ought to be.
std::string KeyTrace(const CheckedWorld& checked, std::size_t rows = 60);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_KEY_TRACE_H_
