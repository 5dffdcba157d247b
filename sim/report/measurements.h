// What an operator wants to know of a run, counted while it goes.
#ifndef KEYWALK_SIM_REPORT_MEASUREMENTS_H_
#define KEYWALK_SIM_REPORT_MEASUREMENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/policy.h"
#include "sim/report/key_watch.h"
#include "sim/report/log_histogram.h"
#include "sim/report/outage_watch.h"
#include "sim/report/run_result.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

struct MeasurementOptions {
  // Equal parts of the world's duration that are counted apart; 0: no timeline. Fewer where they
  // would be shorter than a millisecond, or where the world has thousands of keys.
  std::size_t timeline_parts = 0;
};

// Its memory depends on the world's keys, replicas and the timeline's parts, not on simulated
// time; an event costs no allocation and no search. Not safe for concurrent use.
class Measurements final : public RunObserver {
 public:
  // Keeps no reference to its arguments.
  Measurements(const World& world, const Policy& policy, const MeasurementOptions& options = {});

  void OnRequest(const SimRequest& request) override;
  void OnAttemptSent(const AttemptSent& attempt) override;
  void OnAttemptEnded(const AttemptEnded& attempt) override;
  void OnAnswered(const Answered& answer) override;
  void OnRestart(Instant at, std::uint32_t replica) override;
  void OnEnd(Instant at) override;

  // REQUIRES: the run has ended.
  RunResult Result(std::uint64_t seed) const;

 private:
  // A row of the timeline: requests, then the outcomes, then three numbers for each key.
  static constexpr std::size_t kOutcomesAt = 1;
  static constexpr std::size_t kKeysAt = kOutcomesAt + kOutcomes;
  static constexpr std::size_t kKeyColumns = 3;  // attempts, successes, refusals

  std::size_t PoolOf(std::uint32_t replica) const { return shared_state_ ? 0 : replica; }
  KeyWatch& WatchOf(std::uint32_t replica, KeyIndex key) {
    return watches_[PoolOf(replica) * key_count_ + key];
  }
  std::uint32_t* KeyRow(KeyIndex key) { return row_ + kKeysAt + key * kKeyColumns; }

  void AdvanceTo(Instant at) {
    if (at >= part_end_) EnterPartOf(at);
  }
  void EnterPartOf(Instant at);
  // Adds up the keys' times until the end of the present part.
  void CloseStates(Instant until);
  void EndFailing(Instant at);
  bool IsLost(KeyIndex key) const;
  Timeline MakeTimeline() const;

  const std::size_t key_count_;
  const std::size_t pool_count_;
  const bool shared_state_;
  const Duration default_cooldown_;
  const Instant end_;  // of the world
  const bool has_timeline_;
  Duration part_{};
  std::size_t part_count_ = 1;

  RunResult result_;
  LogHistogram request_latency_;
  LogHistogram call_latency_;
  std::vector<KeyWatch> watches_;  // by pool, then key
  std::vector<OutageWatch> key_outages_;
  OutageWatch world_outages_;
  std::optional<Instant> failing_since_;

  std::size_t present_part_ = 0;
  Instant part_end_{};
  std::size_t columns_ = 0;
  std::vector<std::uint32_t> rows_;
  std::uint32_t* row_ = nullptr;            // of the present part
  std::vector<std::uint16_t> state_parts_;  // by part, key: cooling and permanent, thousandths
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_MEASUREMENTS_H_
