// Runs vectors through the core, the providers and the masker.
#ifndef KEYWALK_CONFORMANCE_VECTOR_RUNNER_H_
#define KEYWALK_CONFORMANCE_VECTOR_RUNNER_H_

#include <vector>

#include "conformance/vector.h"
#include "conformance/verdict.h"
#include "keywalk/policy.h"

namespace keywalk::conformance {

// What differs. `policy` is the vector's; null where it has none. Pure; safe for concurrent use.
std::vector<Mismatch> RunVector(const Vector& vector, const Policy* policy);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_VECTOR_RUNNER_H_
