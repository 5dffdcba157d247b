#include "conformance/outcome_json.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kStatusRange{100, 999};
constexpr IntegerRange kRefusalRange{400, 599};
constexpr IntegerRange kCountRange{0, 1'000'000};

Exhaustion ReadExhaustion(const json& value, const std::string& pointer, JsonProblems& problems) {
  Exhaustion exhaustion;
  ObjectReader object(value, pointer, problems);
  object.RequiredString("kind");
  const std::string kind =
      object.Choice("kind", "permanent", {"rate_limited", "unauthorized", "permanent"});
  exhaustion.kind = ParseExhaustionKind(kind).value_or(Exhaustion::Kind::kPermanent);
  if (kind != "permanent" && !object.Has("retry_after_ms")) {
    object.Problem("retry_after_ms", "is required");
  }
  exhaustion.retry_after = ReadMilliseconds(object, "retry_after_ms");
  object.Finish();
  return exhaustion;
}

Outcome Exhausted(const Exhaustion& exhaustion) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kExhausted;
  outcome.exhaustion = exhaustion;
  return outcome;
}

// A valid key has no reason: null.
std::string ReadReason(ObjectReader& object) {
  const json* value = object.Value("reason");
  if (value != nullptr && value->is_null()) return "none";
  return object.Choice("reason", "none", {"rate_limited", "unauthorized"});
}

}  // namespace

Duration ReadMilliseconds(ObjectReader& object, std::string_view key) {
  constexpr double kMaxMs = 1e12;
  const json* value = object.Value(key);
  if (value == nullptr) return Duration::zero();
  if (!value->is_number()) {
    object.Problem(key, "expected a number of milliseconds");
    return Duration::zero();
  }
  const auto ms = value->get<double>();
  if (!(std::abs(ms) <= kMaxMs)) {
    object.Problem(key, "must be at most 1000000000000 either way");
    return Duration::zero();
  }
  return Duration(std::llround(ms * 1e6));
}

Outcome ReadOutcome(const json& value, const std::string& pointer, JsonProblems& problems) {
  Outcome outcome;
  ObjectReader object(value, pointer, problems);
  const int given = object.Has("forward") + object.Has("exhausted") +
                    object.Has("transport_error") + object.Has("refused") + object.Has("gone") +
                    object.Has("dropped");
  if (given != 1) {
    problems.Add(pointer,
                 "needs exactly one of \"forward\", \"exhausted\", \"transport_error\", "
                 "\"refused\", \"gone\", \"dropped\"");
    return outcome;
  }
  if (object.Has("forward")) {
    outcome.status = static_cast<int>(object.RequiredInteger("forward", kStatusRange));
  } else if (object.Has("refused")) {
    outcome.kind = Outcome::Kind::kRefused;
    outcome.status = static_cast<int>(object.RequiredInteger("refused", kRefusalRange));
  } else if (object.Has("exhausted")) {
    const json* detail = object.RequiredObject("exhausted");
    if (detail != nullptr) {
      outcome = Exhausted(ReadExhaustion(*detail, object.PointerTo("exhausted"), problems));
    }
  } else {
    const char* name = "transport_error";
    outcome.kind = Outcome::Kind::kTransportError;
    if (object.Has("gone")) {
      name = "gone";
      outcome.kind = Outcome::Kind::kGone;
    } else if (object.Has("dropped")) {
      name = "dropped";
      outcome.kind = Outcome::Kind::kDropped;
    }
    if (!object.Boolean(name, true)) object.Problem(name, "must be true");
  }
  object.Finish();
  return outcome;
}

json ToJson(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kForward:
      return {{"forward", outcome.status}};
    case Outcome::Kind::kTransportError:
      return {{"transport_error", true}};
    case Outcome::Kind::kRefused:
      return {{"refused", outcome.status}};
    case Outcome::Kind::kGone:
      return {{"gone", true}};
    case Outcome::Kind::kDropped:
      return {{"dropped", true}};
    case Outcome::Kind::kExhausted:
      break;
  }
  const double wait_ms =
      std::chrono::duration<double, std::milli>(outcome.exhaustion.retry_after).count();
  return {
      {"exhausted", {{"kind", ToString(outcome.exhaustion.kind)}, {"retry_after_ms", wait_ms}}}};
}

OperationOutcome ReadOperationOutcome(const json& value, const std::string& pointer,
                                      JsonProblems& problems) {
  OperationOutcome outcome;
  ObjectReader object(value, pointer, problems);
  if (object.Has("error")) outcome.error = object.String("error");
  if (object.Has("transition")) outcome.transition = object.Boolean("transition", false);
  if (object.Has("key")) outcome.key = object.String("key");
  if (const json* detail = object.Object("exhausted")) {
    outcome.exhausted = Exhausted(ReadExhaustion(*detail, object.PointerTo("exhausted"), problems));
  }
  if (object.Has("attempts")) {
    outcome.attempts = static_cast<std::size_t>(object.Integer("attempts", 0, kCountRange));
  }
  if (object.Has("states")) outcome.states = object.Strings("states");
  if (object.Has("reason")) outcome.reason = ReadReason(object);
  object.Finish();
  return outcome;
}

}  // namespace keywalk::conformance
