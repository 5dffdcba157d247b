// Many seeds, one after the other, in processes of their own: one that crashes takes no other with
// it, and its seed is known.
#ifndef KEYWALK_SIM_CHECK_HUNT_H_
#define KEYWALK_SIM_CHECK_HUNT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "keywalk/result.h"
#include "sim/check/finding.h"
#include "sim/check/seed_check.h"
#include "sim/run/seed_range.h"

namespace keywalk::sim {

struct HuntLimits {
  SeedRange seeds;
  std::optional<std::chrono::milliseconds> time;  // no seed is begun later
  int jobs = 1;                                   // processes at the same time
  std::uint64_t max_findings = 1;                 // then it ends
  // A seed that takes longer is taken for one that never ends: a crash.
  std::chrono::milliseconds longest_seed{120'000};
};

// Told a few times a second.
struct HuntProgress {
  std::uint64_t seeds_done = 0;
  std::uint64_t simulated_ms = 0;
};

// Hunts in worker processes (POSIX: fork, no threads may run) and waits for them. Fails if no
// process can be had.
Result<HuntResult> Hunt(const SeedCheck& check, const HuntLimits& limits,
                        const std::function<void(const HuntProgress&)>& on_progress);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_HUNT_H_
