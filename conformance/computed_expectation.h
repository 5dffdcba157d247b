// What a case expects of an implementation that is held to a policy of its own.
//
// Fixtures state their expectations for the suite's own policies. For any other policy the core
// tells them: the case is run through it, and attempts, outcomes and key states become what is
// expected. Where they are not what the fixture states, `Case::differs` says so.
#ifndef KEYWALK_CONFORMANCE_COMPUTED_EXPECTATION_H_
#define KEYWALK_CONFORMANCE_COMPUTED_EXPECTATION_H_

#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/fixture_loader.h"
#include "keywalk/policy.h"

namespace keywalk::conformance {

// The case as `policy` would have it; `stated` is one that the fixture states its expectations for.
//
// Lanes that end go on with their last step, since another policy may come back to a key. Of the
// answer and of what the upstream saw, only what concerns the same attempts is kept. Has a
// `cannot_run` where the core cannot tell, or where the case would show nothing. Pure.
Case HoldToPolicy(const Case& test_case, const Policy& stated, const Policy& policy);

// Adds every case as the policies `own` would have it; a case whose fixture states nothing for the
// run's other policies gives way. REQUIRES: the suite has the policies.
void HoldToOwnPolicies(const std::vector<std::string>& own, const std::vector<std::string>& others,
                       Suite& suite);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_COMPUTED_EXPECTATION_H_
