#include "conformance/vector_runner.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "conformance/response_comparison.h"
#include "keywalk/provider.h"
#include "keywalk/retry_after.h"
#include "keywalk/secret.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

std::string Describe(const std::optional<Duration>& cooldown) {
  return cooldown ? std::to_string(cooldown->count()) + " ns" : "none";
}

std::string Describe(const Classification& verdict) {
  std::string text(ToString(verdict.action));
  if (verdict.action != Action::kTemporary) return text;
  text += ", " + std::string(ToString(verdict.reason)) + ", ";
  return text + (verdict.cooldown == Duration::zero() ? "default cooldown"
                                                      : Describe(std::optional(verdict.cooldown)));
}

std::string DescribeSorted(const Headers& headers) {
  std::vector<std::string> lines;
  for (const Headers::Field field : headers) {
    std::string name(field.name);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
    lines.push_back(name + ": " + std::string(field.value));
  }
  std::stable_sort(lines.begin(), lines.end());
  return DescribeList(lines);
}

// The functions under test, one overload a kind of vector; each adds what differs.
struct Runner {
  const Policy* policy;
  std::vector<Mismatch> mismatches;

  void Expect(const std::string& where, std::string expected, std::string actual) {
    if (expected == actual) return;
    mismatches.push_back({where, std::move(expected), std::move(actual)});
  }

  ResponseFacts Facts(const Headers& headers, const ErrorFacts& error, WallTime received_at) {
    ResponseFacts facts;
    facts.headers = &headers;
    facts.error = &error;
    facts.received_at = received_at;
    return facts;
  }

  // Decimal fractions of a millisecond need not be exact in binary: within a microsecond is equal.
  static bool Near(const std::optional<Duration>& a, const std::optional<Duration>& b) {
    if (!a || !b) return a == b;
    return *a - *b <= std::chrono::microseconds(1) && *b - *a <= std::chrono::microseconds(1);
  }

  void operator()(const RetryAfterVector& vector) {
    const ErrorFacts error = ParseErrorBody(vector.body);
    ResponseFacts facts = Facts(vector.headers, error, vector.received_at);
    facts.status = 429;
    const std::optional<Duration> cooldown = FindCooldown(vector.sources, facts);
    if (Near(vector.expected, cooldown)) return;
    mismatches.push_back({"cooldown", Describe(vector.expected), Describe(cooldown)});
  }

  void operator()(const ClassifyVector& vector) {
    assert(policy != nullptr);
    const ErrorFacts error = ParseErrorBody(vector.body);
    ResponseFacts facts = Facts(vector.headers, error, vector.received_at);
    facts.status = vector.status;
    // As a driver does: the body is only read where the policy says that it may matter.
    if (!policy->NeedsBody(vector.status)) facts.error = nullptr;
    const Classification verdict = policy->Classify(facts);
    Classification expected = vector.expected;
    if (Near(expected.cooldown, verdict.cooldown)) expected.cooldown = verdict.cooldown;
    Expect("verdict", Describe(expected), Describe(verdict));
  }

  void operator()(const ByokVector& vector) {
    const bool byok = FindProvider(vector.provider)->IsByok(vector.headers);
    Expect("byok", vector.expected ? "true" : "false", byok ? "true" : "false");
  }

  void operator()(const InjectVector& vector) {
    Headers headers = vector.headers;
    FindProvider(vector.provider)->InjectAuthKey(headers, vector.key);
    Expect("headers", DescribeSorted(vector.expected), DescribeSorted(headers));
  }

  void operator()(const ExhaustedVector& vector) {
    assert(policy != nullptr);
    const auto answer =
        FindProvider(vector.provider)->BuildExhaustedResponse(vector.exhaustion, *policy);
    Expect("answer", vector.none ? "none" : "an answer", answer ? "an answer" : "none");
    if (!answer || vector.none) return;
    Expect("status", std::to_string(vector.status), std::to_string(answer->status));
    CompareHeaders(vector.headers, vector.absent_headers, answer->headers, "answer", mismatches);
    const json body = json::parse(answer->body, nullptr, false);
    // Both ways: nothing is missing and nothing is too much.
    if (!Includes(body, *vector.json) || !Includes(*vector.json, body)) {
      mismatches.push_back({"body", vector.json->dump(), answer->body});
    }
  }

  void operator()(const MaskVector& vector) {
    Expect("hint", vector.expected, MaskKey(vector.key));
  }
};

}  // namespace

std::vector<Mismatch> RunVector(const Vector& vector, const Policy* policy) {
  Runner runner{policy, {}};
  std::visit(runner, vector.what);
  return std::move(runner.mismatches);
}

}  // namespace keywalk::conformance
