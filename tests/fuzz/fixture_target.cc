// Goal: a file of cases or vectors is refused with its place and reason, or is one that runs. A
// case asks the same and gives the same trace when its document is printed and read again, and what
// it asks tells no answer; a vector comes to the same each time.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "conformance/case_reader.h"
#include "conformance/decision_driver.h"
#include "conformance/operations_driver.h"
#include "conformance/outcome_json.h"
#include "conformance/question.h"
#include "conformance/vector.h"
#include "conformance/vector_runner.h"
#include "conformance/verdict.h"
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

std::string Said(const std::vector<conformance::Mismatch>& mismatches) {
  std::string said;
  for (const conformance::Mismatch& mismatch : mismatches) {
    said += mismatch.where + ": " + mismatch.expected + " / " + mismatch.actual + "\n";
  }
  return said;
}

bool TellsAnswer(const nlohmann::json& question) {
  for (const auto& [list, answer] : {std::pair("requests", "expect"), std::pair("checks", "states"),
                                     std::pair("operations", "expect")}) {
    if (!question.contains(list)) continue;
    for (const nlohmann::json& item : question[list]) {
      if (item.contains(answer)) return true;
    }
  }
  return false;
}

Result<Trace> RunCase(const Case& test_case) {
  return test_case.kind == Case::Kind::kOperations
             ? conformance::RunOperations(test_case, PolicyOfCases())
             : conformance::RunDecision(test_case, PolicyOfCases());
}

void CheckCase(const Case& test_case, bool over_sockets) {
  Expect(!test_case.id.empty(), "a case has an id");
  Expect(test_case.source != nullptr, "a case knows its document");
  const nlohmann::json question = conformance::Question(test_case);
  Expect(!TellsAnswer(question), "a question does not tell its answer", question.dump());
  const Case again =
      conformance::ReadAgain(test_case, nlohmann::json::parse(test_case.source->dump()));
  Expect(conformance::Question(again) == question, "a document that is read again asks the same",
         question.dump());
  if (over_sockets) return;
  const std::string said = Said(RunCase(test_case));
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
    const std::string said = Said(conformance::RunVector(vector, &PolicyOfCases()));
    Expect(Said(conformance::RunVector(vector, &PolicyOfCases())) == said,
           "a vector comes to the same each time", said);
  }
}

}  // namespace keywalk::fuzz
