// Compares a trace with what its case expects.
#ifndef KEYWALK_CONFORMANCE_COMPARISON_H_
#define KEYWALK_CONFORMANCE_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/trace.h"
#include "conformance/verdict.h"

namespace keywalk::conformance {

// Everything that differs, in the order of the case: attempts, outcomes, the answers to exhausted
// requests where the trace has them, key states, operations, attempts past a lane's end.
std::vector<Mismatch> CompareTrace(const Case& test_case, const Trace& trace);

// Every request of the case beside what the trace says of it.
std::vector<RequestRecord> RecordRequests(const Case& test_case, const Trace& trace);

// A request beside its expectations, without what it did.
RequestRecord BlankRecord(const CaseRequest& request);

// The first lane with a scripted fault that no attempt of the trace reached: the case shows nothing
// (a test that cannot fail is a defect).
std::optional<std::string> FindUnfiredFault(const Case& test_case, const Trace& trace);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_COMPARISON_H_
