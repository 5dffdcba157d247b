// A random quantity of a world: a latency, a body's size, a number of tokens.
#ifndef KEYWALK_SIM_WORLD_DISTRIBUTION_H_
#define KEYWALK_SIM_WORLD_DISTRIBUTION_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "keywalk/clock.h"
#include "sim/engine/random.h"

namespace keywalk::sim {

// A plain value; never negative.
struct Distribution {
  enum class Kind : std::uint8_t {
    kFixed,        // `a`
    kUniform,      // from `a` to `b`
    kExponential,  // of mean `a`, at most `b`
    kLogNormal,    // of median `a`; `b`: standard deviation of its logarithm
  };
  Kind kind = Kind::kFixed;
  double a = 0;
  double b = 0;

  static Distribution Fixed(double value) { return {Kind::kFixed, value, 0}; }
  bool is_fixed() const { return kind == Kind::kFixed; }

  // A draw; a fixed quantity takes nothing from the engine.
  double Draw(RandomEngine& engine) const { return is_fixed() ? a : DrawRandom(engine); }
  // A draw in milliseconds, to the microsecond: the last bits of a floating-point result, which
  // compilers may differ in, then do not matter.
  Duration DrawMilliseconds(RandomEngine& engine) const {
    constexpr double kMicrosecondsPerMs = 1000;
    constexpr double kLongestMs = 1e12;
    const double ms = Draw(engine);
    const double us = (ms < kLongestMs ? ms : kLongestMs) * kMicrosecondsPerMs;
    return std::chrono::microseconds(static_cast<std::int64_t>(us));
  }
  // A draw rounded down to a whole number.
  std::int64_t DrawWhole(RandomEngine& engine) const {
    constexpr double kMost = 1e15;
    const double value = Draw(engine);
    return static_cast<std::int64_t>(value < kMost ? value : kMost);
  }

 private:
  double DrawRandom(RandomEngine& engine) const;
};

// A number, or {"uniform": [20, 60]}, {"exponential": {"mean": 50, "max": 500}},
// {"lognormal": {"median": 50, "sigma": 0.5}}. Values from 0 to `max`.
Distribution ReadDistribution(const nlohmann::json& value, const std::string& pointer, double max,
                              config::JsonProblems& problems);
nlohmann::json ToJson(const Distribution& distribution);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_WORLD_DISTRIBUTION_H_
