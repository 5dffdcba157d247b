// Randomness from one seed, as many independent streams as the simulation has parts.
//
// A draw is named by what it is for (a client group's next arrival, the latency of a request's
// second attempt), so that it does not depend on the order in which parts of the world are asked:
// the same seed gives the same world to every policy and every driver. Boost.Random's
// distributions, which give the same values with every compiler and standard library, are applied
// to these engines.
#ifndef KEYWALK_SIM_ENGINE_RANDOM_H_
#define KEYWALK_SIM_ENGINE_RANDOM_H_

#include <cstdint>

namespace keywalk::sim {

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014),
// which Boost.Random has only from 1.85 on. A UniformRandomBitGenerator of eight bytes, so that an
// engine for each attempt costs nothing. Not safe for concurrent use.
class RandomEngine {
 public:
  using result_type = std::uint64_t;
  explicit constexpr RandomEngine(std::uint64_t seed) noexcept : state_(seed) {}

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return ~result_type{0}; }

  constexpr result_type operator()() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    return Mix(state_);
  }

  // The finalizer alone: a bijection whose every output bit depends on every input bit.
  static constexpr std::uint64_t Mix(std::uint64_t value) noexcept {
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
  }

 private:
  std::uint64_t state_;
};

// What a stream of draws is for.
enum class Stream : std::uint64_t {
  kArrivals = 1,
  kRequest,
  kReplica,
  kBackoff,
  kAttempt,
  kThinking,
  kTieBreak,
  kWorld,
};

// The engine of one stream: of `part` (a group, a request) and, within it, `number`.
constexpr RandomEngine EngineFor(std::uint64_t seed, Stream stream, std::uint64_t part,
                                 std::uint64_t number = 0) noexcept {
  std::uint64_t state = RandomEngine::Mix(seed + 0x9e3779b97f4a7c15u);
  state = RandomEngine::Mix(state ^ (static_cast<std::uint64_t>(stream) << 56 | number));
  return RandomEngine(RandomEngine::Mix(state + part * 0x9e3779b97f4a7c15u));
}

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_ENGINE_RANDOM_H_
