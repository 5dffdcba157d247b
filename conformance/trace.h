// What an implementation did in one case: one entry a request, check or operation. Compared with
// the case's expectations by comparison.h. Plain values.
#ifndef KEYWALK_CONFORMANCE_TRACE_H_
#define KEYWALK_CONFORMANCE_TRACE_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "conformance/outcome.h"
#include "conformance/response_comparison.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

struct TracedRequest {
  std::string id;
  std::vector<std::string> attempts;  // key aliases in order
  Outcome outcome;
  // The answer to an exhausted request, where the implementation makes it.
  std::optional<ReceivedResponse> answer;
};

struct TracedCheck {
  std::size_t index = 0;  // in the case's `checks`
  std::vector<std::string> states;
};

struct Trace {
  std::vector<TracedRequest> requests;  // in order of completion
  std::vector<TracedCheck> checks;
  std::vector<OperationOutcome> operations;

  const TracedRequest* FindRequest(const std::string& id) const;
  const TracedCheck* FindCheck(std::size_t index) const;
};

// Reads the `trace` of a `decide` reply (fixtures/README.md). Strict: unknown keys are errors that
// name their place; `is_operations` tells which kind of entries the case has.
Result<Trace> ParseTrace(const nlohmann::json& trace, bool is_operations);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_TRACE_H_
