// What one run came to: plain counts and times, from which the report's figures are computed.
#ifndef KEYWALK_SIM_REPORT_RUN_RESULT_H_
#define KEYWALK_SIM_REPORT_RUN_RESULT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keywalk/clock.h"
#include "sim/run/observer.h"

namespace keywalk::sim {

// Times from something that ended to the next success. Those that no success followed until the
// run's end are counted apart: how long they would have lasted nobody knows.
struct Recovery {
  std::uint64_t count = 0;
  Duration sum{};
  Duration longest{};
  std::uint64_t never = 0;

  void Add(Duration duration);
};

// A herd: the attempts that were sent to a key after its cooldown had ended and before the first
// answer to one of them.
struct Herds {
  std::uint64_t count = 0;
  std::uint64_t attempts = 0;
  std::uint64_t largest = 0;

  void Add(std::uint64_t size);
};

// One key, over all replicas. Times in a state are the mean of the replicas with a state of their
// own.
struct KeyResult {
  std::uint64_t attempts = 0;
  std::uint64_t successes = 0;
  std::uint64_t refusals = 0;  // answers of 400 and above
  Duration valid{};
  Duration cooling{};
  Duration permanent{};
  Recovery after_cooldown;  // from the end of the first cooldown since the last success
  Recovery after_outage;    // from the end of an outage of the world
  Herds herds;
};

struct LatencyResult {
  std::uint64_t count = 0;
  Duration mean{};
  Duration p50{};
  Duration p90{};
  Duration p99{};
  Duration p999{};
  Duration max{};
};

// Counts in equal parts of the world's duration. What happens after its end, when no call begins
// any more, counts in the last part. Vectors are by part.
struct Timeline {
  struct Key {
    std::vector<std::uint32_t> attempts;
    std::vector<std::uint32_t> successes;
    std::vector<std::uint32_t> refusals;
    // Thousandths of the part; the rest the key was valid.
    std::vector<std::uint16_t> cooling;
    std::vector<std::uint16_t> permanent;
  };
  Duration part{};
  std::vector<std::uint32_t> requests;  // sent
  std::array<std::vector<std::uint32_t>, kOutcomes> outcomes;
  std::vector<Key> keys;
};

struct RunResult {
  std::uint64_t seed = 0;
  std::string trace;  // TraceHash::text(): equal for equal runs
  std::uint64_t requests = 0;
  std::uint64_t calls = 0;
  std::array<std::uint64_t, kOutcomes> request_outcomes{};
  std::array<std::uint64_t, kOutcomes> call_outcomes{};  // of each call's last request
  std::uint64_t attempts = 0;
  std::uint64_t wasted_attempts = 0;  // their answers reached no client
  // Requests by their number of attempts, from 0; the last stands for that many and more.
  std::vector<std::uint64_t> requests_by_attempts;
  std::vector<KeyResult> keys;
  // Times in which every answer to a client was an error: from the first to the next success, or
  // the end of the run.
  std::uint64_t failing_periods = 0;
  Duration failing{};
  Duration longest_failing{};
  // From the end of an outage of all keys at once to the next success of a request.
  Recovery after_outage;
  LatencyResult request_latency;  // of successes: from a request to the end of its answer
  LatencyResult call_latency;     // from a call's first request on, with its pauses
  std::optional<Timeline> timeline;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_RUN_RESULT_H_
