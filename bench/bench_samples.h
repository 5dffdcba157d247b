// The pools and messages that benchmarks work on: of the size and kind seen in the field.
#ifndef KEYWALK_BENCH_BENCH_SAMPLES_H_
#define KEYWALK_BENCH_BENCH_SAMPLES_H_

#include <chrono>
#include <cstddef>
#include <memory>

#include "keywalk/clock.h"
#include "keywalk/headers.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"

namespace keywalk::bench {

// When operations take place, unless they move on from it.
inline constexpr Instant kNow{std::chrono::hours(1)};

// That many valid keys, of the usual length.
std::shared_ptr<KeyPool> PoolOf(std::size_t count);
// The same, all of them cooling for a minute from kNow; or out for good.
std::shared_ptr<KeyPool> CoolingPoolOf(std::size_t count);
std::shared_ptr<KeyPool> PermanentPoolOf(std::size_t count);

// What an SDK sends.
const Headers& ClientHeaders();
// What OpenAI answers to a request too many, with `Retry-After: 20`.
const Headers& RefusalHeaders();

// A response with those headers. `error` may be null, and must outlive what is returned.
ResponseFacts ResponseOf(int status, const ErrorFacts* error = nullptr);

}  // namespace keywalk::bench

#endif  // KEYWALK_BENCH_BENCH_SAMPLES_H_
