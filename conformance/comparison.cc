#include "conformance/comparison.h"

#include <cstddef>
#include <map>

namespace keywalk::conformance {
namespace {

// How many attempts each lane served, by the lane's name.
std::map<std::string, std::size_t> CountAttempts(const Case& test_case, const Trace& trace) {
  std::map<std::string, std::size_t> served;
  for (const TracedRequest& request : trace.requests) {
    for (const std::string& alias : request.attempts) {
      if (const mock::Lane* lane = FindLane(test_case, alias)) ++served[lane->name];
    }
  }
  return served;
}

void CompareRequest(const CaseRequest& request, const Trace& trace,
                    std::vector<Mismatch>& mismatches) {
  const TracedRequest* traced = trace.FindRequest(request.id);
  if (traced == nullptr) {
    mismatches.push_back({request.id, "an entry in the trace", "(none)"});
    return;
  }
  const ExpectedRequest& expect = request.expect;
  if (traced->attempts != expect.attempts) {
    mismatches.push_back(
        {request.id + " attempts", DescribeList(expect.attempts), DescribeList(traced->attempts)});
  }
  if (!(traced->outcome == expect.outcome)) {
    mismatches.push_back(
        {request.id + " outcome", Describe(expect.outcome), Describe(traced->outcome)});
  }
  const bool made_here = expect.outcome.kind == Outcome::Kind::kExhausted;
  if (expect.response && traced->answer && made_here) {
    CompareResponse(*expect.response, *traced->answer, request.id, mismatches);
  }
}

void CompareChecks(const Case& test_case, const Trace& trace, std::vector<Mismatch>& mismatches) {
  for (std::size_t i = 0; i < test_case.checks.size(); ++i) {
    const StateCheck& check = test_case.checks[i];
    const TracedCheck* traced = trace.FindCheck(i);
    if (traced != nullptr && traced->states == check.states) continue;
    mismatches.push_back({"states at " + std::to_string(check.at.count()) + " ms",
                          DescribeList(check.states),
                          traced == nullptr ? "(not in the trace)" : DescribeList(traced->states)});
  }
}

void CompareOperations(const Case& test_case, const Trace& trace,
                       std::vector<Mismatch>& mismatches) {
  if (test_case.operations.size() != trace.operations.size()) {
    mismatches.push_back({"trace", std::to_string(test_case.operations.size()) + " entries",
                          std::to_string(trace.operations.size()) + " entries"});
    return;
  }
  for (std::size_t i = 0; i < test_case.operations.size(); ++i) {
    const Operation& operation = test_case.operations[i];
    // Without an expectation nothing must come back, a refusal least of all.
    const OperationOutcome expected = operation.expect.value_or(OperationOutcome());
    if (Matches(expected, trace.operations[i])) continue;
    mismatches.push_back(
        {"operation " + std::to_string(i) + " at " + std::to_string(operation.at.count()) + " ms",
         Describe(expected), Describe(trace.operations[i])});
  }
}

}  // namespace

std::vector<Mismatch> CompareTrace(const Case& test_case, const Trace& trace) {
  std::vector<Mismatch> mismatches;
  for (const CaseRequest& request : test_case.requests) {
    CompareRequest(request, trace, mismatches);
  }
  CompareChecks(test_case, trace, mismatches);
  CompareOperations(test_case, trace, mismatches);
  for (const auto& [name, count] : CountAttempts(test_case, trace)) {
    const mock::Lane& lane = test_case.lanes.at(name);
    if (lane.at_end == mock::AtEnd::kFailLoud && count > StepCount(lane)) {
      mismatches.push_back(
          {"lane " + name, "no attempt past its last step", std::to_string(count) + " attempts"});
    }
  }
  return mismatches;
}

RequestRecord BlankRecord(const CaseRequest& request) {
  RequestRecord record;
  record.id = request.id;
  record.at = request.at;
  record.expected_attempts = request.expect.attempts;
  record.expected_outcome = Describe(request.expect.outcome);
  return record;
}

std::vector<RequestRecord> RecordRequests(const Case& test_case, const Trace& trace) {
  std::vector<RequestRecord> records;
  for (const CaseRequest& request : test_case.requests) {
    RequestRecord& record = records.emplace_back(BlankRecord(request));
    const TracedRequest* traced = trace.FindRequest(request.id);
    if (traced == nullptr) continue;
    record.outcome = Describe(traced->outcome);
  }
  return records;
}

std::optional<std::string> FindUnfiredFault(const Case& test_case, const Trace& trace) {
  const auto served = CountAttempts(test_case, trace);
  for (const auto& [alias, lane] : test_case.lanes) {
    const auto found = served.find(alias);
    const std::size_t count = found == served.end() ? 0 : found->second;
    std::size_t first = 0;
    for (const mock::ScriptStep& step : lane.steps) {
      if (step.fault && first >= count) return "the fault scripted for " + alias + " never fired";
      first += step.times;
    }
  }
  return std::nullopt;
}

}  // namespace keywalk::conformance
