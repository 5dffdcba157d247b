#include "conformance/computed_expectation.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "conformance/case_reader.h"
#include "conformance/comparison.h"
#include "conformance/decision_driver.h"
#include "conformance/operations_driver.h"
#include "conformance/outcome_json.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

Case CannotRun(Case test_case, std::string reason) {
  test_case.cannot_run = std::move(reason);
  return test_case;
}

json WithoutFailLoud(json source) {
  for (json& lane : source["lanes"]) {
    const auto end = lane.find("at_end");
    if (end == lane.end() || *end == "fail_loud") lane["at_end"] = "repeat_last";
  }
  return source;
}

// The first key that was tried although the case has no answer for it; empty: none.
std::string FindUnscripted(const Case& test_case, const Trace& trace) {
  for (const TracedRequest& request : trace.requests) {
    for (const std::string& alias : request.attempts) {
      const mock::Lane* lane = FindLane(test_case, alias);
      if (lane == nullptr || lane->steps.empty()) return alias;
    }
  }
  return "";
}

bool SameRequests(const Case& test_case, const Trace& a, const Trace& b) {
  return std::all_of(test_case.requests.begin(), test_case.requests.end(),
                     [&](const CaseRequest& request) {
                       const TracedRequest* one = a.FindRequest(request.id);
                       const TracedRequest* other = b.FindRequest(request.id);
                       return one != nullptr && other != nullptr &&
                              one->attempts == other->attempts && one->outcome == other->outcome;
                     });
}

// True if the core, under the policy that the fixture states, does what the fixture states. Else
// the case is about more than decisions (a limit, a refusal, a client that goes away).
bool IsDecidedByCore(const Case& test_case, const Trace& stated) {
  return std::all_of(test_case.requests.begin(), test_case.requests.end(),
                     [&](const CaseRequest& request) {
                       const TracedRequest* traced = stated.FindRequest(request.id);
                       return traced != nullptr && traced->attempts == request.expect.attempts &&
                              traced->outcome == request.expect.outcome;
                     });
}

// Of the fixture's `upstream`, what it says about attempts that are still made.
json Upstream(const json& stated, const std::vector<std::string>& before,
              const std::vector<std::string>& now) {
  json upstream = json::array();
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool same = i < before.size() && i < stated.size() && before[i] == now[i];
    upstream.push_back(same ? stated[i] : json::object());
  }
  return upstream;
}

void Rewrite(const CaseRequest& request, const TracedRequest& traced, const Policy& stated,
             json& expect, std::vector<std::string>& differs) {
  const ExpectedRequest& before = request.expect;
  const std::string where = "differs from " + stated.name + ": " + request.id + " ";
  const bool same_attempts = before.attempts == traced.attempts;
  const bool same_outcome = before.outcome == traced.outcome;
  if (!same_attempts) {
    differs.push_back(where + "attempts " + DescribeList(traced.attempts) + " instead of " +
                      DescribeList(before.attempts));
    if (expect.contains("upstream")) {
      expect["upstream"] = Upstream(expect["upstream"], before.attempts, traced.attempts);
    }
  }
  if (!same_outcome) {
    differs.push_back(where + "outcome " + Describe(traced.outcome) + " instead of " +
                      Describe(before.outcome));
  }
  const bool same_last = !traced.attempts.empty() && !before.attempts.empty() &&
                         traced.attempts.back() == before.attempts.back();
  if (!same_outcome || (!same_attempts && !same_last)) expect.erase("response");
  expect["attempts"] = traced.attempts;
  expect["outcome"] = ToJson(traced.outcome);
}

Case Rewritten(const Case& test_case, const Policy& stated, const Trace& trace, json source) {
  std::vector<std::string> differs;
  for (std::size_t i = 0; i < test_case.requests.size(); ++i) {
    const TracedRequest* traced = trace.FindRequest(test_case.requests[i].id);
    if (traced == nullptr) continue;
    Rewrite(test_case.requests[i], *traced, stated, source["requests"][i]["expect"], differs);
  }
  for (std::size_t i = 0; i < test_case.checks.size(); ++i) {
    const StateCheck& check = test_case.checks[i];
    const TracedCheck* traced = trace.FindCheck(i);
    if (traced == nullptr || traced->states == check.states) continue;
    differs.push_back("differs from " + stated.name + ": states at " +
                      std::to_string(check.at.count()) + " ms " + DescribeList(traced->states) +
                      " instead of " + DescribeList(check.states));
    source["checks"][i]["states"] = traced->states;
  }
  Case result = ReadAgain(test_case, std::move(source));
  result.differs = std::move(differs);
  return result;
}

Case HoldOperations(const Case& test_case, const Policy& policy, Case held) {
  const Result<Trace> trace = RunOperations(test_case, policy);
  const bool stated = trace.ok() && CompareTrace(test_case, *trace).empty();
  return stated ? held : CannotRun(std::move(held), "its operations are for the suite's policies");
}

}  // namespace

Case HoldToPolicy(const Case& test_case, const Policy& stated, const Policy& policy) {
  json source = *test_case.source;
  source["policies"] = json::array({policy.name});
  Case unchanged = ReadAgain(test_case, source);
  if (test_case.kind == Case::Kind::kOperations) {
    return HoldOperations(test_case, policy, std::move(unchanged));
  }
  source = WithoutFailLoud(std::move(source));
  const Case endless = ReadAgain(test_case, source);
  const Result<Trace> before = RunDecision(test_case, stated);
  const Result<Trace> trace = RunDecision(endless, policy);
  if (!before || !trace) return CannotRun(std::move(unchanged), "its pool cannot be made");
  if (!IsDecidedByCore(test_case, *before)) {
    if (SameRequests(test_case, *before, *trace)) return unchanged;
    return CannotRun(std::move(unchanged), "what the policy changes in it cannot be computed");
  }
  const std::string unscripted = FindUnscripted(endless, *trace);
  if (!unscripted.empty()) {
    return CannotRun(std::move(unchanged),
                     "has no answer for " + unscripted + ", which the policy tries");
  }
  if (FindUnfiredFault(endless, *trace)) {
    return CannotRun(std::move(unchanged), "its fault is not met under the policy");
  }
  return Rewritten(test_case, stated, *trace, std::move(source));
}

void HoldToOwnPolicies(const std::vector<std::string>& own, const std::vector<std::string>& others,
                       Suite& suite) {
  if (own.empty()) return;
  std::vector<Case> cases;
  for (Case& test_case : suite.cases) {
    const std::vector<std::string>& names = test_case.policies;
    for (const std::string& name : own) {
      const Policy& stated = *suite.FindPolicy(names.front())->policy;
      cases.push_back(HoldToPolicy(test_case, stated, *suite.FindPolicy(name)->policy));
    }
    const bool stays = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::find(others.begin(), others.end(), name) != others.end();
    });
    if (stays) cases.push_back(std::move(test_case));
  }
  suite.cases = std::move(cases);
}

}  // namespace keywalk::conformance
