#include "conformance/operation_reader.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "conformance/outcome_json.h"

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using Kind = Operation::Kind;

constexpr IntegerRange kTimeRangeMs{0, 1'000'000'000'000};

Kind ReadKind(ObjectReader& object) {
  static const std::map<std::string, Kind, std::less<>> kKinds = {
      {"create", Kind::kCreate},
      {"mark_temporary", Kind::kMarkTemporary},
      {"mark_permanent", Kind::kMarkPermanent},
      {"walk", Kind::kWalk},
      {"next", Kind::kNext},
      {"attempts", Kind::kAttempts},
      {"states", Kind::kStates},
      {"reason", Kind::kReason}};
  std::vector<std::string_view> names;
  for (const auto& [name, kind] : kKinds) names.push_back(name);
  object.RequiredString("op");
  return kKinds.find(object.Choice("op", "states", names))->second;
}

Operation ReadOperation(const json& value, const std::string& pointer, JsonProblems& problems) {
  Operation operation;
  ObjectReader object(value, pointer, problems);
  operation.at = Milliseconds(object.RequiredInteger("at_ms", kTimeRangeMs));
  operation.kind = ReadKind(object);
  switch (operation.kind) {
    case Kind::kCreate:
      object.RequiredArray("keys");
      operation.keys = object.Strings("keys");
      break;
    case Kind::kMarkTemporary:
      operation.key = object.RequiredString("key");
      operation.cooldown = ReadMilliseconds(object, "cooldown_ms");
      operation.reason = object.Choice("reason", "rate_limited",
                                       {"rate_limited", "unauthorized"}) == "unauthorized"
                             ? MarkReason::kUnauthorized
                             : MarkReason::kRateLimited;
      break;
    case Kind::kMarkPermanent:
    case Kind::kReason:
      operation.key = object.RequiredString("key");
      break;
    case Kind::kWalk:
    case Kind::kNext:
    case Kind::kAttempts:
      operation.walk = object.RequiredString("walk");
      break;
    case Kind::kStates:
      break;
  }
  if (const json* expect = object.Object("expect")) {
    operation.expect = ReadOperationOutcome(*expect, object.PointerTo("expect"), problems);
  }
  object.Finish();
  return operation;
}

}  // namespace

std::vector<Operation> ReadOperations(ObjectReader& object, JsonProblems& problems) {
  std::vector<Operation> operations;
  const json* array = object.RequiredArray("operations");
  if (array == nullptr) return operations;
  if (array->empty()) object.Problem("operations", "must not be empty");
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string pointer = JoinPointer(object.PointerTo("operations"), i);
    operations.push_back(ReadOperation((*array)[i], pointer, problems));
    if (i > 0 && operations[i].at < operations[i - 1].at) {
      problems.Add(JoinPointer(pointer, "at_ms"), "time never goes back");
    }
  }
  return operations;
}

}  // namespace keywalk::conformance
