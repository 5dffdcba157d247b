// One request over sockets as both ends saw it, and its comparison with what the case expects.
#ifndef KEYWALK_CONFORMANCE_WIRE_OBSERVATION_H_
#define KEYWALK_CONFORMANCE_WIRE_OBSERVATION_H_

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/verdict.h"
#include "conformance/wire_client.h"
#include "keywalk/policy.h"
#include "mockupstream/journal/journal.h"

namespace keywalk::conformance {

// One attempt as the mock upstream saw it.
struct WireAttempt {
  std::string alias;  // "?" for a key that is not of this case
  mock::JournalEntry entry;
  bool reused = false;  // its connection had served another request of the case before
};

// The step that the attempt was served; null if it has none.
const mock::ScriptStep* FindServedStep(const Case& test_case, const WireAttempt& attempt);

struct WireObservation {
  WireExchange exchange;
  std::vector<WireAttempt> attempts;             // in order of arrival
  std::string upstream_path;                     // of the pool's base URL
  std::string upstream_host;                     // its authority
  std::shared_ptr<const std::string> sent_body;  // null: none
  std::shared_ptr<const nlohmann::json> merged;  // of the pool's endpoint; null: nothing
};

// True if every body of the case is JSON, so that it can be compared by value with an
// implementation that reads bodies and writes them anew.
bool ComparesByValue(const Case& test_case);

// True if a body that is to be passed on, a request's or a success's, is not JSON: nothing for an
// implementation that reads bodies and writes them anew.
bool PassesOtherBodies(const Case& test_case);

// Adds what differs from the request's expectations. `verbatim`: the implementation passes bodies
// on byte for byte; else they are compared by value, and may have gained members.
void CompareWire(const Case& test_case, const CaseRequest& request, const Policy& policy,
                 bool verbatim, const WireObservation& seen, std::vector<Mismatch>& mismatches);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_OBSERVATION_H_
