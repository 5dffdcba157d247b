#include "conformance/wire_plan.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "conformance/decision_driver.h"
#include "conformance/trace.h"
#include "keywalk/retry_after.h"

namespace keywalk::conformance {
namespace {

// The clocks of all cases of a run add up, and an implementation's clock has an end.
constexpr Milliseconds kMaxSpan = std::chrono::hours(24 * 30);

// From the mark of the last key to the answer that there is none.
constexpr Milliseconds kAnswerSlack{100};

bool HasDate(const Headers& headers) {
  for (const Headers::Field field : headers) {
    if (ParseHttpDate(field.value, kWallAtZero) || ParseRfc3339(field.value)) return true;
  }
  return false;
}

// Why a decision case cannot be run over sockets, as far as its lanes tell.
std::string FindObstacle(const Case& test_case) {
  for (const auto& [alias, lane] : test_case.lanes) {
    for (const mock::ScriptStep& step : lane.steps) {
      if (step.delay > Milliseconds(0)) return "its requests overlap in virtual time";
      if (HasDate(step.headers)) return "it needs a civil time of its own";
      if (step.fault && step.fault->kind == mock::Fault::Kind::kStall) {
        return "it waits for a time limit";
      }
    }
  }
  return "";
}

std::vector<Milliseconds> NominalTimes(const Case& test_case) {
  std::vector<Milliseconds> times;
  Milliseconds last{0};
  for (const CaseRequest& request : test_case.requests) {
    last = request.at.value_or(last);
    times.push_back(last);
  }
  return times;
}

bool CountsConnections(const Case& test_case) {
  for (const CaseRequest& request : test_case.requests) {
    if (!request.expect.upstream) continue;
    for (const ExpectedUpstream& attempt : *request.expect.upstream) {
      if (attempt.reused) return true;
    }
  }
  return false;
}

std::vector<WireStep> OrderSteps(const Case& test_case) {
  std::vector<WireStep> steps;
  const std::vector<Milliseconds> times = NominalTimes(test_case);
  const bool at_once = test_case.kind == Case::Kind::kScenario;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const bool joins = at_once && i > 0 && test_case.requests[i].at &&
                       test_case.requests[i - 1].at && times[i] == times[i - 1];
    if (joins) {
      steps.back().requests.push_back(i);
    } else {
      steps.push_back(WireStep{times[i], {i}, 0});
    }
  }
  for (std::size_t i = 0; i < test_case.checks.size(); ++i) {
    steps.push_back(WireStep{test_case.checks[i].at, {}, i});
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const WireStep& a, const WireStep& b) { return a.at < b.at; });
  return steps;
}

// The case as it goes on sockets: every attempt takes a little, and all that follows waits for it.
Case Slowed(const Case& test_case, const std::vector<WireStep>& steps, const Trace& nominal) {
  Case slowed = test_case;
  for (auto& [alias, lane] : slowed.lanes) {
    for (mock::ScriptStep& step : lane.steps) step.delay += kSlack;
  }
  Milliseconds shift{0};
  for (const WireStep& step : steps) {
    Milliseconds spent{0};
    for (const std::size_t index : step.requests) {
      CaseRequest& request = slowed.requests[index];
      request.at = step.at + shift;
      if (test_case.kind == Case::Kind::kDecision) *request.at += spent;
      const TracedRequest* traced = nominal.FindRequest(request.id);
      if (traced != nullptr) spent += kSlack * traced->attempts.size();
    }
    if (step.requests.empty()) slowed.checks[step.check].at = step.at + shift;
    shift += spent;
  }
  return slowed;
}

// What can be seen of an outcome over sockets: a retry-after in whole seconds, rounded up. Some
// time passes between the last mark and the answer.
bool LookTheSame(const Outcome& nominal, const Outcome& slowed) {
  if (nominal.kind != Outcome::Kind::kExhausted || slowed.kind != Outcome::Kind::kExhausted) {
    return nominal == slowed;
  }
  const Duration wait = nominal.exhaustion.retry_after;
  const Duration later = std::max(slowed.exhaustion.retry_after - kAnswerSlack, Duration::zero());
  return nominal.exhaustion.kind == slowed.exhaustion.kind &&
         std::chrono::ceil<std::chrono::seconds>(wait) ==
             std::chrono::ceil<std::chrono::seconds>(later);
}

bool SameRequests(const Trace& nominal, const Trace& slowed) {
  return std::all_of(nominal.requests.begin(), nominal.requests.end(),
                     [&](const TracedRequest& request) {
                       const TracedRequest* other = slowed.FindRequest(request.id);
                       return other != nullptr && other->attempts == request.attempts &&
                              LookTheSame(request.outcome, other->outcome);
                     });
}

}  // namespace

bool WirePlan::IsUnsure(std::size_t check) const {
  return std::find(unsure_checks.begin(), unsure_checks.end(), check) != unsure_checks.end();
}

WirePlan PlanWire(const Case& test_case, const Policy& policy) {
  WirePlan plan;
  const bool is_decision = test_case.kind == Case::Kind::kDecision;
  if (is_decision) plan.impossible = FindObstacle(test_case);
  if (!plan.impossible.empty()) return plan;
  plan.steps = OrderSteps(test_case);
  plan.counts_connections = CountsConnections(test_case);
  if (plan.steps.back().at > kMaxSpan) {
    plan.impossible = "it spans more than 30 days";
    return plan;
  }
  const Result<Trace> nominal = RunDecision(test_case, policy);
  if (!nominal) {
    plan.impossible = nominal.error().message();
    return plan;
  }
  const Result<Trace> slowed = RunDecision(Slowed(test_case, plan.steps, *nominal), policy);
  if (!slowed || (is_decision && !SameRequests(*nominal, *slowed))) {
    plan.impossible = "it needs exact virtual time";
    return plan;
  }
  for (const TracedCheck& check : nominal->checks) {
    const TracedCheck* other = slowed->FindCheck(check.index);
    if (other == nullptr || other->states != check.states) {
      plan.unsure_checks.push_back(check.index);
    }
  }
  return plan;
}

}  // namespace keywalk::conformance
