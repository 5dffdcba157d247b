// Runs a case's requests through the core's step machine on virtual time, without sockets.
//
// The order of events at one moment is part of the format (fixtures/README.md). A step without a
// delay is answered at once, before anything else happens.
#ifndef KEYWALK_CONFORMANCE_DECISION_DRIVER_H_
#define KEYWALK_CONFORMANCE_DECISION_DRIVER_H_

#include "conformance/case.h"
#include "conformance/trace.h"
#include "keywalk/policy.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// The civil time at virtual time zero: 2026-01-01T00:00:00Z.
inline constexpr WallTime kWallAtZero{std::chrono::seconds(1'767'225'600)};

// What the core does in this case under this policy. Fails if the case's pool cannot be made.
// REQUIRES: not an operations case. Pure; safe for concurrent use.
Result<Trace> RunDecision(const Case& test_case, const Policy& policy);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_DECISION_DRIVER_H_
