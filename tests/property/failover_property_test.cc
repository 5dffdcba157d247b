// Goal: whatever upstreams answer and other requests do meanwhile, one request tries each key at
// most once, in order, and gives up only when no valid key is left ahead (SPEC walk/2, walk/8).
// Method: generated pools, answers, pauses and marks by others drive the step machine; each step is
// compared with what the key states say at that moment.
#include <gtest/gtest.h>
// GoogleTest must come before RapidCheck's glue to it.
#include <rapidcheck/gtest.h>

#include "keywalk/failover.h"

namespace keywalk {
namespace {

constexpr int kOk = 200;
constexpr int kCool = 429;
constexpr int kRemove = 401;

Classification Verdict(const ResponseFacts& response) {
  if (response.status == kCool) {
    return {Action::kTemporary, MarkReason::kRateLimited, std::chrono::seconds(3)};
  }
  if (response.status == kRemove) {
    return {Action::kPermanent, MarkReason::kUnauthorized, Duration::zero()};
  }
  return {};
}

std::shared_ptr<KeyPool> AnyPool() {
  const auto count = *rc::gen::inRange<std::size_t>(1, 9);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  return KeyPool::Create(keys).value();
}

// What other requests do to the pool in the meantime.
void MarkSomeKeys(KeyPool& pool, Instant now) {
  const int marks = *rc::gen::inRange(0, 4);
  for (int i = 0; i < marks; ++i) {
    const auto key = *rc::gen::inRange<KeyIndex>(0, pool.size());
    if (*rc::gen::inRange(0, 4) == 0) {
      pool.MarkPermanent(key);
    } else {
      const Duration cooldown = std::chrono::seconds(*rc::gen::inRange(1, 5));
      pool.MarkTemporary(key, cooldown, MarkReason::kRateLimited, now);
    }
  }
}

std::optional<KeyIndex> FirstValidFrom(const KeyPool& pool, KeyIndex first, Instant now) {
  for (KeyIndex key = first; key < pool.size(); ++key) {
    if (pool.state(key, now) == KeyState::kValid) return key;
  }
  return std::nullopt;
}

Step Answer(Failover& failover, int status, Instant now) {
  const Headers headers;
  ResponseFacts response;
  response.status = status;
  response.headers = &headers;
  return failover.OnResponse(response, now);
}

RC_GTEST_PROP(FailoverProperty, EachStepTakesTheFirstValidKeyAhead, ()) {
  const auto pool = AnyPool();
  const MarkKey mark_key = &Verdict;
  Instant now{};
  MarkSomeKeys(*pool, now);

  Failover failover(pool.get(), mark_key);
  Step step = failover.Start(now);
  KeyIndex ahead = 0;
  std::size_t attempts = 0;
  int status = kCool;
  while (true) {
    // The answer's own mark is on a key behind, so it does not change what is expected.
    const std::optional<KeyIndex> expected = FirstValidFrom(*pool, ahead, now);
    if (status == kOk) break;
    if (!expected) break;
    RC_ASSERT(step.kind == Step::Kind::kAttempt);
    RC_ASSERT(step.key == expected);
    RC_ASSERT(failover.current_key() == expected);
    ahead = *step.key + 1;
    ++attempts;
    now += std::chrono::seconds(*rc::gen::inRange(0, 4));
    MarkSomeKeys(*pool, now);
    status = *rc::gen::weightedElement<int>({{4, kCool}, {4, kRemove}, {1, kOk}});
    step = Answer(failover, status, now);
  }
  if (status == kOk) {
    RC_ASSERT(step.kind == Step::Kind::kForward);
  } else {
    RC_ASSERT(step.kind == Step::Kind::kExhausted);
    RC_ASSERT(step.exhaustion.kind == pool->exhaustion(now).kind);
    RC_ASSERT(step.exhaustion.retry_after == pool->exhaustion(now).retry_after);
  }
  RC_ASSERT(failover.attempts() == attempts);
}

RC_GTEST_PROP(FailoverProperty, AloneARequestTriesEveryValidKeyBeforeItGivesUp, ()) {
  const auto pool = AnyPool();
  const MarkKey mark_key = &Verdict;
  const Instant now{};
  MarkSomeKeys(*pool, now);
  const std::size_t valid = pool->counts(now).valid;

  Failover failover(pool.get(), mark_key);
  Step step = failover.Start(now);
  while (step.kind == Step::Kind::kAttempt) {
    step = Answer(failover, *rc::gen::element(kCool, kRemove), now);
  }
  RC_ASSERT(step.kind == Step::Kind::kExhausted);
  RC_ASSERT(failover.attempts() == valid);
  RC_ASSERT(pool->counts(now).valid == 0u);
}

}  // namespace
}  // namespace keywalk
