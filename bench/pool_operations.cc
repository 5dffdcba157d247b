// Asking a pool for keys and marking them. Instants are arguments, so no clock is measured.
#include <chrono>
#include <memory>

#include "bench/bench_samples.h"
#include "bench/core_operations.h"
#include "keywalk/key_pool.h"

namespace keywalk::bench {
namespace {

using namespace std::chrono_literals;

// One fresh walk's first question.
std::unique_ptr<Operation> AskFor(std::shared_ptr<KeyPool> pool) {
  return Repeat([pool = std::move(pool)] {
    Walk walk(*pool);
    return walk.Next(kNow);
  });
}

std::unique_ptr<Operation> AskLastValid(std::size_t count) {
  const auto pool = PoolOf(count);
  for (KeyIndex key = 0; key + 1 < count; ++key) {
    pool->MarkTemporary(key, 1min, MarkReason::kRateLimited, kNow);
  }
  return AskFor(pool);
}

std::unique_ptr<Operation> AnswerExhaustion(std::shared_ptr<KeyPool> pool) {
  return Repeat([pool = std::move(pool)] { return pool->exhaustion(kNow); });
}

// Every mark is a transition: each comes after the last one's cooldown.
std::unique_ptr<Operation> MarkTemporaryTransition() {
  return Repeat([pool = PoolOf(1), now = kNow]() mutable {
    now += 2us;
    return pool->MarkTemporary(0, 1us, MarkReason::kRateLimited, now);
  });
}

// Every mark moves the deadline of a key that cools already.
std::unique_ptr<Operation> MarkTemporaryLonger() {
  return Repeat([pool = CoolingPoolOf(1), now = kNow]() mutable {
    now += 1us;
    return pool->MarkTemporary(0, 1min, MarkReason::kRateLimited, now);
  });
}

// A late refusal with an earlier deadline changes nothing.
std::unique_ptr<Operation> MarkTemporaryNoChange() {
  return Repeat([pool = CoolingPoolOf(1)] {
    return pool->MarkTemporary(0, 1s, MarkReason::kRateLimited, kNow);
  });
}

// A key can be marked so only once: each mark takes the next key of a pool made for these.
class MarkPermanentOnce final : public Operation {
 public:
  bool Prepare(std::size_t times) override {
    pool_ = PoolOf(times);
    return true;
  }
  void Run(std::size_t times) override {
    for (KeyIndex key = 0; key < times; ++key) {
      benchmark::DoNotOptimize(pool_->MarkPermanent(key));
    }
  }

 private:
  std::shared_ptr<KeyPool> pool_;
};

std::unique_ptr<Operation> MarkPermanentAgain() {
  return Repeat([pool = PermanentPoolOf(1)] { return pool->MarkPermanent(0); });
}

}  // namespace

std::vector<NamedOperation> PoolOperations() {
  return {
      {"next_key/first_valid_of_1", [] { return AskFor(PoolOf(1)); }},
      {"next_key/first_valid_of_1000", [] { return AskFor(PoolOf(1000)); }},
      {"next_key/last_valid_of_10", [] { return AskLastValid(10); }},
      {"next_key/last_valid_of_1000", [] { return AskLastValid(1000); }},
      {"next_key/1000_cooling", [] { return AskFor(CoolingPoolOf(1000)); }},
      {"next_key/1000_permanent", [] { return AskFor(PermanentPoolOf(1000)); }},
      {"exhaustion/10_cooling", [] { return AnswerExhaustion(CoolingPoolOf(10)); }},
      {"exhaustion/1000_cooling", [] { return AnswerExhaustion(CoolingPoolOf(1000)); }},
      {"exhaustion/1000_permanent", [] { return AnswerExhaustion(PermanentPoolOf(1000)); }},
      {"mark_temporary/transition", MarkTemporaryTransition},
      {"mark_temporary/longer", MarkTemporaryLonger},
      {"mark_temporary/no_change", MarkTemporaryNoChange},
      {"mark_permanent/transition", [] { return std::make_unique<MarkPermanentOnce>(); }},
      {"mark_permanent/no_change", MarkPermanentAgain},
  };
}

}  // namespace keywalk::bench
