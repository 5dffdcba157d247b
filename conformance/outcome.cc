#include "conformance/outcome.h"

#include <chrono>

namespace keywalk::conformance {
namespace {

std::string InMilliseconds(Duration duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(duration);
  std::string text = std::to_string(whole.count());
  if (whole != duration) text += "." + std::to_string((duration - whole).count());
  return text + " ms";
}

void Append(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty()) text += ", ";
  text += name;
  text += ' ';
  text += value;
}

}  // namespace

bool Outcome::operator==(const Outcome& other) const {
  if (kind != other.kind) return false;
  if (kind == Kind::kForward || kind == Kind::kRefused) return status == other.status;
  if (kind != Kind::kExhausted) return true;
  return exhaustion.kind == other.exhaustion.kind &&
         exhaustion.retry_after == other.exhaustion.retry_after;
}

std::string Describe(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kForward:
      return "forward " + std::to_string(outcome.status);
    case Outcome::Kind::kTransportError:
      return "transport error";
    case Outcome::Kind::kRefused:
      return "refused " + std::to_string(outcome.status);
    case Outcome::Kind::kGone:
      return "the client gone, the attempt ended";
    case Outcome::Kind::kDropped:
      return "the connection ended by the implementation";
    case Outcome::Kind::kExhausted:
      break;
  }
  std::string text = "exhausted (" + std::string(ToString(outcome.exhaustion.kind));
  if (outcome.exhaustion.kind != Exhaustion::Kind::kPermanent) {
    text += ", " + InMilliseconds(outcome.exhaustion.retry_after);
  }
  return text + ")";
}

std::string Describe(const OperationOutcome& outcome) {
  std::string text;
  if (outcome.error) Append(text, "error", *outcome.error);
  if (outcome.transition) Append(text, "transition", *outcome.transition ? "true" : "false");
  if (outcome.key) Append(text, "key", *outcome.key);
  if (outcome.exhausted) Append(text, "is", Describe(*outcome.exhausted));
  if (outcome.attempts) Append(text, "attempts", std::to_string(*outcome.attempts));
  if (outcome.states) Append(text, "states", DescribeList(*outcome.states));
  if (outcome.reason) Append(text, "reason", *outcome.reason);
  return text.empty() ? "(nothing)" : text;
}

bool Matches(const OperationOutcome& expected, const OperationOutcome& actual) {
  if (expected.error.has_value() != actual.error.has_value()) return false;
  if (expected.error && actual.error->find(*expected.error) == std::string::npos) return false;
  return expected.transition == actual.transition && expected.key == actual.key &&
         expected.exhausted == actual.exhausted && expected.attempts == actual.attempts &&
         expected.states == actual.states && expected.reason == actual.reason;
}

std::optional<Exhaustion::Kind> ParseExhaustionKind(std::string_view text) {
  for (const auto kind : {Exhaustion::Kind::kRateLimited, Exhaustion::Kind::kUnauthorized,
                          Exhaustion::Kind::kPermanent}) {
    if (text == ToString(kind)) return kind;
  }
  return std::nullopt;
}

std::optional<KeyState> ParseKeyState(std::string_view text) {
  for (const auto state : {KeyState::kValid, KeyState::kTemporary, KeyState::kPermanent}) {
    if (text == ToString(state)) return state;
  }
  return std::nullopt;
}

std::string DescribeList(const std::vector<std::string>& items) {
  if (items.empty()) return "(none)";
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ", ";
    text += item;
  }
  return text;
}

}  // namespace keywalk::conformance
