// The verdict on a response, under the policies as they are shipped.
#include <string>
#include <string_view>

#include "bench/bench_samples.h"
#include "bench/core_operations.h"
#include "keywalk/config.h"
#include "keywalk/policy.h"

namespace keywalk::bench {
namespace {

NamedOperation ClassifyOperation(std::string_view policy_name, std::string_view response_name,
                                 int status, ErrorFacts error = {}) {
  std::string name = "classify/" + std::string(policy_name) + "_" + std::string(response_name);
  return {std::move(name), [policy_name, status, error = std::move(error)] {
            return Repeat([policy = LoadPolicy(policy_name).value(), status, error] {
              return policy.Classify(ResponseOf(status, &error));
            });
          }};
}

}  // namespace

std::vector<NamedOperation> PolicyOperations() {
  ErrorFacts rate_limited;
  rate_limited.code = "rate_limit_exceeded";
  rate_limited.type = "requests";
  rate_limited.message = "Rate limit reached for gpt-4o-mini on requests per min (RPM).";
  ErrorFacts out_of_quota = rate_limited;
  out_of_quota.code = out_of_quota.type = "insufficient_quota";
  ErrorFacts wrong_model;
  wrong_model.code = "model_not_found";
  wrong_model.type = "invalid_request_error";
  wrong_model.message = "The model does not exist or you do not have access to it.";
  return {
      ClassifyOperation("coder-v1", "200", 200),
      ClassifyOperation("coder-v1", "401", 401),
      ClassifyOperation("coder-v1", "429", 429),
      ClassifyOperation("coder-v2", "200", 200),
      ClassifyOperation("coder-v2", "401", 401),
      ClassifyOperation("coder-v2", "429", 429),
      ClassifyOperation("every-clause", "200", 200),
      ClassifyOperation("every-clause", "400_surfaced", 400, wrong_model),
      ClassifyOperation("every-clause", "429_rate_limit", 429, rate_limited),
      ClassifyOperation("every-clause", "429_quota", 429, out_of_quota),
  };
}

}  // namespace keywalk::bench
