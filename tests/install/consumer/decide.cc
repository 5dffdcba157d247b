// Embeds the decisions alone: the caller does the I/O, keywalk says which key comes next.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "keywalk/config.h"
#include "keywalk/failover.h"
#include "keywalk/provider.h"

int main() {
  using namespace keywalk;
  const Policy policy = LoadPolicy("coder-v1").value();
  const auto pool = KeyPool::Create({"first-key", "second-key"}, policy.default_cooldown).value();
  const MarkKey mark_key = [&policy](const ResponseFacts& facts) { return policy.Classify(facts); };

  const Instant now{};
  const Headers headers{{"Retry-After", "5"}};
  Failover failover(pool.get(), mark_key);
  Step step = failover.Start(now);
  for (int status : {429, 200}) {
    if (step.kind != Step::Kind::kAttempt) return 1;
    std::printf("%s answers %d\n", pool->hint(*step.key).c_str(), status);
    const ResponseFacts facts{.status = status, .headers = &headers};
    step = failover.OnResponse(facts, now);
  }
  const bool cools = pool->cooldown_left(0, now) == std::chrono::seconds(5);
  const bool knows_openai = FindProvider("openai") != nullptr;
  return step.kind == Step::Kind::kForward && cools && knows_openai ? 0 : 1;
}
