// What the core does for one request: an attempt's headers, and the whole walk.
#include <chrono>
#include <memory>
#include <string>

#include "bench/bench_samples.h"
#include "bench/core_operations.h"
#include "keywalk/config.h"
#include "keywalk/failover.h"
#include "keywalk/provider.h"

namespace keywalk::bench {
namespace {

std::unique_ptr<Operation> CopyHeaders() {
  return Repeat([] { return Headers(ClientHeaders()).size(); });
}

// What each attempt begins with: a fresh copy, its credentials replaced.
std::unique_ptr<Operation> CopyAndInject(std::string_view provider) {
  return Repeat([&provider = *FindProvider(provider), pool = PoolOf(1)] {
    Headers attempt = ClientHeaders();
    provider.InjectAuthKey(attempt, pool->key(0));
    return attempt.size();
  });
}

// One whole request: that many refusals, then a success. Time moves on so far between requests
// that every cooldown is over.
std::unique_ptr<Operation> Walk(int failovers) {
  struct Request {
    std::shared_ptr<KeyPool> pool;
    std::shared_ptr<const Policy> policy;
    MarkKey mark_key;
    Instant now = kNow;
  };
  Request request{PoolOf(5), std::make_shared<const Policy>(LoadPolicy("coder-v1").value()), {}};
  request.mark_key = [policy = request.policy](const ResponseFacts& facts) {
    return policy->Classify(facts);
  };
  return Repeat([request = std::move(request), failovers, refused = ResponseOf(429),
                 accepted = ResponseOf(200)]() mutable {
    request.now += std::chrono::seconds(21);
    Failover failover(request.pool.get(), request.mark_key);
    failover.Start(request.now);
    for (int i = 0; i < failovers; ++i) failover.OnResponse(refused, request.now);
    failover.OnResponse(accepted, request.now);
    return failover.attempts();
  });
}

}  // namespace

std::vector<NamedOperation> RequestOperations() {
  std::vector<NamedOperation> operations{
      {"headers/copy", CopyHeaders},
      {"headers/copy_and_inject_openai", [] { return CopyAndInject("openai"); }},
      {"headers/copy_and_inject_anthropic", [] { return CopyAndInject("anthropic"); }},
  };
  for (const int failovers : {0, 1, 2, 4}) {
    operations.push_back(
        {"walk/failovers_" + std::to_string(failovers), [failovers] { return Walk(failovers); }});
  }
  return operations;
}

}  // namespace keywalk::bench
