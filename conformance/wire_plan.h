// What of a case can be shown over sockets, where time also runs by itself.
//
// Pure functions of the case and the policy; safe for concurrent use.
#ifndef KEYWALK_CONFORMANCE_WIRE_PLAN_H_
#define KEYWALK_CONFORMANCE_WIRE_PLAN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "keywalk/policy.h"

namespace keywalk::conformance {

// Requests that start together, or one check.
struct WireStep {
  Milliseconds at{0};                 // nominal virtual time
  std::vector<std::size_t> requests;  // empty: a check
  std::size_t check = 0;
};

struct WirePlan {
  std::string impossible;       // why the case cannot be run over sockets; empty: it can
  std::vector<WireStep> steps;  // in order of time
  // Checks whose answer would hang on a few milliseconds: they are not asked.
  std::vector<std::size_t> unsure_checks;

  bool counts_connections = false;  // another case's idle connections would confuse it

  bool needs_time() const { return !steps.empty() && steps.back().at > Milliseconds(0); }
  // True if no other case may run meanwhile.
  bool runs_alone() const { return needs_time() || counts_connections; }
  bool IsUnsure(std::size_t check) const;
};

// A decision case is run over sockets if it has no overlapping requests, no dates of a civil time
// of its own, and would give the same trace if every attempt took `kSlack` longer. A scenario is
// always run.
inline constexpr Milliseconds kSlack{400};
WirePlan PlanWire(const Case& test_case, const Policy& policy);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_PLAN_H_
