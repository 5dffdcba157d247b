// Goal: whatever line an adapter prints, it is an answer whose parts can be used, or is refused in
// words; what is printed of an answer reads as that answer.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "config/json_reader.h"
#include "conformance/adapter_reply.h"
#include "conformance/outcome_json.h"
#include "keywalk/headers.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

using nlohmann::json;

void ExpectReason(const conformance::Refusal& refusal) {
  Expect(!refusal.reason().empty(), "a refusal says why");
}

void CheckEndpoints(const json& reply) {
  const conformance::Reply<conformance::PoolEndpoints> endpoints =
      conformance::ReadEndpoints(reply);
  if (!endpoints) return ExpectReason(endpoints.error());
  for (const auto& [id, endpoint] : *endpoints) {
    for (const Headers::Field field : endpoint.headers) {
      const bool valid = IsValidHeaderName(field.name) && IsValidHeaderValue(field.value);
      Expect(valid, "the fields that go into every request are fields", field.value);
    }
    if (endpoint.body != nullptr) endpoint.body->dump();
  }
}

void CheckTrace(const json& reply, bool is_operations) {
  const conformance::Reply<conformance::Trace> trace = conformance::ReadTrace(reply, is_operations);
  if (!trace) return ExpectReason(trace.error());
  for (const conformance::TracedRequest& request : trace->requests) {
    config::JsonProblems problems("printed");
    const json printed = conformance::ToJson(request.outcome);
    const conformance::Outcome again = conformance::ReadOutcome(printed, "", problems);
    const bool same = !problems.any() && again == request.outcome;
    Expect(same, "an outcome that is printed reads as itself", printed.dump());
  }
  for (const conformance::OperationOutcome& outcome : trace->operations) {
    Expect(conformance::Matches(outcome, outcome), "an outcome matches itself");
  }
}

}  // namespace

void FuzzAdapterReply(std::string_view input) {
  constexpr std::uint64_t kSequence = 1;
  const Result<json> reply = conformance::ParseReply(input, kSequence);
  if (!reply) {
    Expect(!reply.error().message().empty(), "an error says something");
    return;
  }
  if (const auto refusal = conformance::ReadRefusal(*reply)) return ExpectReason(*refusal);
  const auto identity = conformance::ReadIdentity(*reply);
  if (!identity) ExpectReason(identity.error());
  const auto states = conformance::ReadKeyStates(*reply);
  if (!states) ExpectReason(states.error());
  CheckEndpoints(*reply);
  for (const bool is_operations : {false, true}) CheckTrace(*reply, is_operations);
}

}  // namespace keywalk::fuzz
