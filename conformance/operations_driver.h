// Runs a case that acts on a pool directly, on virtual time.
#ifndef KEYWALK_CONFORMANCE_OPERATIONS_DRIVER_H_
#define KEYWALK_CONFORMANCE_OPERATIONS_DRIVER_H_

#include "conformance/case.h"
#include "conformance/trace.h"
#include "keywalk/policy.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// What the core's pool does. Fails if an operation names a key or a walk that does not exist.
// REQUIRES: an operations case. Pure; safe for concurrent use.
Result<Trace> RunOperations(const Case& test_case, const Policy& policy);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_OPERATIONS_DRIVER_H_
