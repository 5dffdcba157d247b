// Runs cases over real sockets: client -> implementation -> mock upstream.
#ifndef KEYWALK_CONFORMANCE_WIRE_RUNNER_H_
#define KEYWALK_CONFORMANCE_WIRE_RUNNER_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "conformance/adapter.h"
#include "conformance/case.h"
#include "conformance/fixture_loader.h"
#include "conformance/verdict.h"
#include "conformance/wire_plan.h"

namespace keywalk::conformance {

// One case under one policy that is to be run over sockets.
struct WireJob {
  const Case* test_case = nullptr;
  const LoadedPolicy* policy = nullptr;
  WirePlan plan;
  std::size_t repetition = 0;  // each has a pool of its own
};

struct WireRunnerOptions {
  std::size_t jobs = 8;  // cases at once; those that move the clock run alone
  Milliseconds request_limit{30'000};
};

// Starts the mock upstream (and one more for each case that scripts connections), sets the
// implementation up with a pool a job, and runs them all. Calls `on_result` once a job, from
// several threads but never at once. The jobs belong to the caller.
void RunOverSockets(Adapter& adapter, const Identity& identity, const std::vector<WireJob>& jobs,
                    const WireRunnerOptions& options,
                    const std::function<void(CaseResult)>& on_result);

// The result of a case before it has run.
CaseResult BlankResult(const Case& test_case, const std::string& policy, Way way);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_RUNNER_H_
