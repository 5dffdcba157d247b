// Goal: a policy file is refused with its place and reason, or is a policy that gives a sound
// verdict on whatever an upstream answers.
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "keywalk/config.h"
#include "keywalk/headers.h"
#include "keywalk/policy.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

constexpr std::string_view kPolicyFile = "policy.json";

bool IsSame(const Classification& a, const Classification& b) {
  return a.action == b.action && a.reason == b.reason && a.cooldown == b.cooldown &&
         a.pass_on_if_last == b.pass_on_if_last;
}

void CheckVerdict(const Policy& policy, const Policy& again, int status, const Headers& headers,
                  const ErrorFacts* error) {
  ResponseFacts response;
  response.status = status;
  response.headers = &headers;
  response.error = error;
  response.received_at = WallTime(std::chrono::seconds(1'767'225'600));
  const Classification verdict = policy.Classify(response);
  Expect(verdict.cooldown >= Duration::zero(), "no cooldown is negative");
  if (policy.max_cooldown) Expect(verdict.cooldown <= *policy.max_cooldown, "the cap holds");
  Expect(verdict.cooldown <= kMaxRetryAfter, "a cooldown has an end");
  Expect(IsSame(verdict, again.Classify(response)), "white space and order change nothing");
  if (policy.NeedsBody(status)) {
    Expect(policy.NeedsBodies(), "a body that is needed for one status is needed");
  } else {
    response.error = nullptr;
    Expect(IsSame(verdict, policy.Classify(response)), "a body that is not needed decides nothing");
  }
}

}  // namespace

void FuzzPolicy(std::string_view input) {
  if (RevealsKey(input)) return;  // no key belongs here, so none is looked for
  const Result<Policy> policy = ParsePolicy(input, kPolicyFile);
  if (!policy) {
    ExpectRefusal(policy.error().message(), kPolicyFile);
    return;
  }
  const Result<Policy> again = ParsePolicy(nlohmann::json::parse(input).dump(), kPolicyFile);
  Expect(again.ok(), "a policy that is printed reads as itself");
  Expect(policy->default_cooldown > Duration::zero(), "the default cooldown is positive");

  const Headers none;
  const Headers hints{{"Retry-After", "7"},
                      {"retry-after-ms", "0.5"},
                      {"x-ratelimit-reset-requests", "1h"},
                      {"anthropic-ratelimit-tokens-reset", "2027-01-01T00:00:00Z"}};
  ErrorFacts error;
  error.code = "insufficient_quota";
  error.type = "rate_limit_error";
  error.reason = "API_KEY_INVALID";
  error.message = "your credit balance is too low";
  error.retry_delay = "22s";
  for (int status = 100; status < 600; status += status < 430 ? 1 : 37) {
    CheckVerdict(*policy, *again, status, none, &error);
    CheckVerdict(*policy, *again, status, hints, nullptr);
    CheckVerdict(*policy, *again, status, hints, &error);
  }
}

}  // namespace keywalk::fuzz
