#include "mockupstream/journal/verify_state.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace keywalk::mock {
namespace {

const StepSequence& StepsOf(const Lane& lane, const Route* route) {
  return route != nullptr ? static_cast<const StepSequence&>(*route) : lane;
}

// Where a step stands in its sequence, in turns.
struct StepTurns {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t round = 0;  // after so many it comes again; 0: it does not
};

// True if one of the first `served` turns was that step's, and chaos left it that.
bool WasGiven(const StepPlan& plan, StepTurns step, std::uint64_t served) {
  while (step.first < served) {
    const std::uint64_t end = std::min(step.last, served - 1);
    for (std::uint64_t turn = step.first; turn <= end; ++turn) {
      if (!plan.Draw(turn)) return true;
    }
    if (step.round == 0) break;
    step.first += step.round;
    step.last += step.round;
  }
  return false;
}

void AddUnserved(const Lane& lane, const StepPlan& plan, std::uint64_t served,
                 std::vector<UnservedFault>& unserved) {
  const StepSequence& sequence = StepsOf(lane, plan.route());
  std::uint64_t total = 0;
  for (const ScriptStep& step : sequence.steps) total += step.times;
  StepTurns turns;
  turns.round = sequence.at_end == AtEnd::kLoop ? total : 0;
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    const ScriptStep& step = sequence.steps[i];
    turns.last = turns.first + step.times - 1;
    const bool repeated = i + 1 == sequence.steps.size() && sequence.at_end == AtEnd::kRepeatLast;
    if (repeated) turns.last = std::numeric_limits<std::uint64_t>::max();
    if (step.fault && !WasGiven(plan, turns, served)) {
      UnservedFault fault;
      fault.lane = lane.name;
      fault.step = i;
      if (plan.route() != nullptr) fault.route = plan.route()->name;
      unserved.push_back(std::move(fault));
    }
    turns.first += step.times;
  }
}

// In the order of the lanes; of each its own steps first, then those of its routes.
std::vector<UnservedFault> FindUnservedFaults(const LaneTable& lanes) {
  std::vector<UnservedFault> unserved;
  for (const LaneTable::Progress& progress : lanes.Lanes()) {
    const std::vector<StepPlan>& plans = progress.plan->sequences();
    for (std::size_t i = 0; i < plans.size(); ++i) {
      AddUnserved(progress.plan->lane(), plans[i], progress.served(i), unserved);
    }
  }
  return unserved;
}

// Of a scope that nobody has used, every one: it has the default scope's lanes, at their start.
std::vector<UnservedFault> FindUnservedFaults(const ScopeTable& scopes, const std::string& id) {
  const std::shared_ptr<const Scope> scope = scopes.Find(id);
  if (scope) return FindUnservedFaults(scope->lanes());
  return FindUnservedFaults(*scopes.default_scope().lanes().StartOver());
}

// Connections are of no scope: they count where none is named.
void AddUnservedConnections(const ConnectionTable& connections,
                            std::vector<UnservedFault>& unserved) {
  for (const AcceptFaultReport& report : connections.Report()) {
    if (report.fired > 0) continue;
    UnservedFault fault;
    fault.lane = "connections";
    fault.step = report.step;
    unserved.push_back(std::move(fault));
  }
}

// What is left says neither that a request came nor that it did not.
VerifyResult Incomplete(std::uint64_t dropped) {
  VerifyFailure failure;
  failure.message = "nothing was compared: the journal has dropped " + std::to_string(dropped) +
                    " of these requests (--journal-entries, --journal-bytes; or verify from a " +
                    "later one, ?from=N)";
  VerifyResult result;
  result.dropped = dropped;
  result.failures.push_back(std::move(failure));
  return result;
}

}  // namespace

VerifyResult VerifyState(const MockState& state, const Expectation& expectation) {
  std::vector<UnservedFault> unserved;
  if (expectation.all_faults_fired) {
    const std::string id = expectation.scope.value_or("");
    unserved = FindUnservedFaults(state.scopes, id);
    if (id.empty()) AddUnservedConnections(state.connections, unserved);
  }
  JournalFilter filter;
  filter.from = expectation.from;
  filter.scope = expectation.scope;
  const JournalStore::Range range = state.journal.ReadAll(filter);
  if (range.dropped > 0) return Incomplete(range.dropped);
  return Verify(expectation, range.entries, unserved, state.scopes.masker());
}

}  // namespace keywalk::mock
