// Goal: a file of cases or vectors is refused with its place and reason, or is one that runs, gives
// the same trace each time, and means the same when its document is printed and read again.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_reader.h"
#include "conformance/case_reader.h"
#include "conformance/decision_driver.h"
#include "conformance/operations_driver.h"
#include "conformance/outcome_json.h"
#include "conformance/question.h"
#include "conformance/vector.h"
#include "conformance/vector_runner.h"
#include "keywalk/config.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

using config::JsonProblems;
using conformance::Case;
using conformance::Trace;

constexpr std::string_view kCasesFile = "cases.json";

const Policy& PolicyOfCases() {
  static const Policy kPolicy = *LoadPolicy("every-clause");
  return kPolicy;
}

// All that a trace says, in a form that can be compared.
std::string Said(const Result<Trace>& trace) {
  if (!trace) return trace.error().message();
  std::string said;
  for (const conformance::TracedRequest& request : trace->requests) {
    said += request.id + conformance::DescribeList(request.attempts) +
            conformance::ToJson(request.outcome).dump() + "\n";
  }
  for (const conformance::TracedCheck& check : trace->checks) {
    said += std::to_string(check.index) + conformance::DescribeList(check.states) + "\n";
  }
  for (const conformance::OperationOutcome& outcome : trace->operations) {
    said += conformance::Describe(outcome) + "\n";
  }
  return said;
}

Result<Trace> RunCase(const Case& test_case) {
  return test_case.kind == Case::Kind::kOperations
             ? conformance::RunOperations(test_case, PolicyOfCases())
             : conformance::RunDecision(test_case, PolicyOfCases());
}

void CheckCase(const Case& test_case, bool over_sockets) {
  Expect(!test_case.id.empty(), "a case has an id");
  Expect(test_case.source != nullptr, "a case knows its document");
  conformance::Question(test_case);
  if (over_sockets) return;
  const std::string said = Said(RunCase(test_case));
  const Case again = conformance::ReadAgain(test_case, *test_case.source);
  Expect(Said(RunCase(again)) == said, "a document that is read again means the same", said);
}

}  // namespace

void FuzzFixture(std::string_view input) {
  if (RevealsKey(input)) return;  // no key belongs here, so none is looked for
  for (const bool over_sockets : {false, true}) {
    JsonProblems problems(kCasesFile);
    const std::vector<Case> cases = conformance::ReadCases(input, over_sockets, problems);
    if (problems.any()) {
      ExpectRefusal(problems.error().message(), kCasesFile);
    } else {
      for (const Case& test_case : cases) CheckCase(test_case, over_sockets);
    }
  }
  JsonProblems problems(kCasesFile);
  const std::vector<conformance::Vector> vectors = conformance::ReadVectors(input, problems);
  if (problems.any()) {
    ExpectRefusal(problems.error().message(), kCasesFile);
    return;
  }
  for (const conformance::Vector& vector : vectors) {
    conformance::RunVector(vector, &PolicyOfCases());
  }
}

}  // namespace keywalk::fuzz
