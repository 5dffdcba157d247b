// What the decisions themselves cost, without I/O: they stand beside every upstream call, so they
// should cost nothing against it. Build with -O2; instants are arguments, so no clock is measured.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "keywalk/failover.h"
#include "keywalk/headers.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"
#include "keywalk/provider.h"
#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1h};

std::shared_ptr<KeyPool> PoolOf(std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back("sk-bench-" + std::to_string(i));
  return KeyPool::Create(std::move(keys)).value();
}

// 429 cools for what the response says, 401 and 403 are permanent: the seed's rules.
Policy SeedPolicy() {
  PolicyRule rate_limited;
  rate_limited.statuses = {{429, 429}};
  rate_limited.action = Action::kTemporary;
  rate_limited.cooldown_from_response = true;
  PolicyRule refused;
  refused.statuses = {{401, 401}, {403, 403}};
  refused.action = Action::kPermanent;
  refused.reason = MarkReason::kUnauthorized;
  Policy policy;
  policy.rules = {rate_limited, refused};
  policy.cooldown_sources = {CooldownSource::kRetryAfterMs, CooldownSource::kRetryAfter};
  return policy;
}

const Headers& UpstreamHeaders() {
  static const Headers kHeaders{{"Date", "Thu, 07 May 2026 15:46:36 GMT"},
                                {"Content-Type", "application/json"},
                                {"Content-Length", "211"},
                                {"x-request-id", "req_0123456789abcdef"},
                                {"x-ratelimit-limit-requests", "500"},
                                {"x-ratelimit-remaining-requests", "0"},
                                {"x-ratelimit-reset-requests", "6m0s"},
                                {"Retry-After", "20"}};
  return kHeaders;
}

ResponseFacts Response(int status) {
  ResponseFacts response;
  response.status = status;
  response.headers = &UpstreamHeaders();
  return response;
}

void NextKeyFirstValid(benchmark::State& state) {
  const auto pool = PoolOf(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Walk walk(*pool);
    benchmark::DoNotOptimize(walk.Next(kNow));
  }
}
BENCHMARK(NextKeyFirstValid)->Arg(1)->Arg(10)->Arg(1000);

void NextKeyLastValid(benchmark::State& state) {
  const auto pool = PoolOf(static_cast<std::size_t>(state.range(0)));
  for (KeyIndex key = 0; key + 1 < pool->size(); ++key) {
    pool->MarkTemporary(key, 60s, MarkReason::kRateLimited, kNow);
  }
  for (auto _ : state) {
    Walk walk(*pool);
    benchmark::DoNotOptimize(walk.Next(kNow));
  }
}
BENCHMARK(NextKeyLastValid)->Arg(1)->Arg(10)->Arg(1000);

void NextKeyNoneValid(benchmark::State& state) {
  const auto pool = PoolOf(static_cast<std::size_t>(state.range(0)));
  for (KeyIndex key = 0; key < pool->size(); ++key) {
    pool->MarkTemporary(key, 60s, MarkReason::kRateLimited, kNow);
  }
  for (auto _ : state) {
    Walk walk(*pool);
    benchmark::DoNotOptimize(walk.Next(kNow));
    benchmark::DoNotOptimize(pool->exhaustion(kNow));
  }
}
BENCHMARK(NextKeyNoneValid)->Arg(1)->Arg(10)->Arg(1000);

// Every mark is a transition: each comes after the last one's cooldown.
void MarkTemporaryTransition(benchmark::State& state) {
  const auto pool = PoolOf(1);
  Instant now = kNow;
  for (auto _ : state) {
    now += 2us;
    benchmark::DoNotOptimize(pool->MarkTemporary(0, 1us, MarkReason::kRateLimited, now));
  }
}
BENCHMARK(MarkTemporaryTransition);

// A late refusal with an earlier deadline: one load.
void MarkTemporaryNoChange(benchmark::State& state) {
  const auto pool = PoolOf(1);
  pool->MarkTemporary(0, 60s, MarkReason::kRateLimited, kNow);
  for (auto _ : state) {
    benchmark::DoNotOptimize(pool->MarkTemporary(0, 1s, MarkReason::kRateLimited, kNow));
  }
}
BENCHMARK(MarkTemporaryNoChange);

// All threads extend the cooldown of one key.
void MarkTemporaryContended(benchmark::State& state) {
  static const std::shared_ptr<KeyPool> kPool = PoolOf(1);
  Instant now = kNow + kPool->cooldown_left(0, kNow);  // later than any run before
  for (auto _ : state) {
    now += 1us;
    benchmark::DoNotOptimize(kPool->MarkTemporary(0, 60s, MarkReason::kRateLimited, now));
  }
}
BENCHMARK(MarkTemporaryContended)->Threads(1)->Threads(2);

void ParseSeconds(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseRetryAfterSeconds("20"));
}
BENCHMARK(ParseSeconds);

void ParseMilliseconds(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseRetryAfterMs("1500.25"));
}
BENCHMARK(ParseMilliseconds);

void ParseDate(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseHttpDate("Thu, 07 May 2026 15:46:36 GMT", WallTime{}));
  }
}
BENCHMARK(ParseDate);

void ParseUnits(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseUnitDuration("2m59.56s"));
}
BENCHMARK(ParseUnits);

void FindCooldownInHeaders(benchmark::State& state) {
  const Policy policy = SeedPolicy();
  const ResponseFacts response = Response(429);
  for (auto _ : state) {
    benchmark::DoNotOptimize(FindCooldown(policy.cooldown_sources, response));
  }
}
BENCHMARK(FindCooldownInHeaders);

void Classify(benchmark::State& state) {
  const Policy policy = SeedPolicy();
  const ResponseFacts response = Response(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(policy.Classify(response));
}
BENCHMARK(Classify)->Arg(200)->Arg(401)->Arg(429);

void InjectAuthKey(benchmark::State& state) {
  const Provider& provider = *FindProvider("openai");
  const Headers client{{"Host", "localhost"},
                       {"Authorization", "Bearer client-token"},
                       {"Content-Type", "application/json"},
                       {"Accept", "*/*"},
                       {"User-Agent", "bench"}};
  for (auto _ : state) {
    Headers attempt = client;
    provider.InjectAuthKey(attempt, "sk-bench-0123456789abcdefghijklmnop");
    benchmark::DoNotOptimize(attempt);
  }
}
BENCHMARK(InjectAuthKey);

// One whole request: as many refusals as the argument says, then a success. Time moves on so far
// between requests that every cooldown is over.
void Request(benchmark::State& state) {
  const auto failovers = static_cast<int>(state.range(0));
  const auto pool = PoolOf(5);
  const Policy policy = SeedPolicy();
  const MarkKey mark_key = [&policy](const ResponseFacts& r) { return policy.Classify(r); };
  const ResponseFacts refused = Response(429);
  const ResponseFacts accepted = Response(200);
  Instant now = kNow;
  for (auto _ : state) {
    now += 21s;
    Failover failover(pool.get(), mark_key);
    Step step = failover.Start(now);
    for (int i = 0; i < failovers; ++i) step = failover.OnResponse(refused, now);
    step = failover.OnResponse(accepted, now);
    benchmark::DoNotOptimize(step);
  }
}
BENCHMARK(Request)->ArgName("failovers")->Arg(0)->Arg(1)->Arg(2)->Arg(4);

}  // namespace
}  // namespace keywalk
