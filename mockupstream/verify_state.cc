#include "mockupstream/verify_state.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace keywalk::mock {

namespace {

// In the order of the lanes, then of their steps.
std::vector<UnservedFault> FindUnservedFaults(const LaneTable& lanes) {
  std::vector<UnservedFault> unserved;
  for (const auto& [key, state] : lanes.Lanes()) {
    const Lane& lane = state->lane();
    const std::uint64_t served = state->served();
    std::uint64_t first_turn = 0;
    for (std::size_t i = 0; i < lane.steps.size(); ++i) {
      const ScriptStep& step = lane.steps[i];
      if (step.fault && served <= first_turn) unserved.push_back({lane.name, i});
      first_turn += step.times;
    }
  }
  return unserved;
}

// Connections are of no scope: they count where none is named.
void AddUnservedConnections(const ConnectionTable& connections,
                            std::vector<UnservedFault>& unserved) {
  for (const AcceptFaultReport& report : connections.Report()) {
    if (report.fired == 0) unserved.push_back({"connections", report.step});
  }
}

}  // namespace

VerifyResult VerifyState(const MockState& state, const Expectation& expectation) {
  std::vector<UnservedFault> unserved;
  if (expectation.all_faults_fired) {
    const std::string id = expectation.scope.value_or("");
    const std::shared_ptr<const Scope> named = state.scopes.Find(id);
    const Scope& scope = named ? *named : state.scopes.default_scope();
    unserved = FindUnservedFaults(scope.lanes());
    if (id.empty()) AddUnservedConnections(state.connections, unserved);
  }
  const std::vector<JournalEntry> entries = state.journal.From(expectation.from);
  return Verify(expectation, entries, unserved, state.scopes.masker());
}

}  // namespace keywalk::mock
