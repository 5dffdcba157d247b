// A failing run as a decision case of the conformance suite (fixtures/README.md), for any
// implementation to be held to.
#ifndef KEYWALK_SIM_CHECK_DECISION_CASE_H_
#define KEYWALK_SIM_CHECK_DECISION_CASE_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "conformance/case.h"
#include "conformance/trace.h"
#include "keywalk/result.h"
#include "sim/check/checked_run.h"
#include "sim/check/finding.h"

namespace keywalk::sim {

// The case in a file of its own: the world's requests and answers, and as expectations what the
// core does with them. `checked` is the finding's world. Fails, saying why, where a decision case
// cannot tell it: several replicas, restarts, clients that leave, answers that are cut off, an
// order of simultaneous events that no case can ask for.
Result<nlohmann::ordered_json> DecisionCase(const Finding& finding, const CheckedWorld& checked);

// What the world's gateway does, in the words of a case's trace: to compare the case with.
conformance::Trace SimulatedTrace(const CheckedWorld& checked);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_DECISION_CASE_H_
