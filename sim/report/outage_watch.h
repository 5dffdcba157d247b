// How long it takes until something works again after its outages are over.
#ifndef KEYWALK_SIM_REPORT_OUTAGE_WATCH_H_
#define KEYWALK_SIM_REPORT_OUTAGE_WATCH_H_

#include <cstddef>
#include <vector>

#include "keywalk/clock.h"
#include "sim/report/run_result.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// From `from` on and before `to`.
struct Period {
  Instant from{};
  Instant to{};
};

// The times before the world's end at which every request with the key is refused by an outage, in
// order, apart from each other.
std::vector<Period> OutagesOf(const KeySpec& key, Duration world_duration);

// The times at which that holds for all keys.
std::vector<Period> CommonOutages(const World& world);

// An outage counts if somebody met it. Times come in order. Not safe for concurrent use.
class OutageWatch {
 public:
  explicit OutageWatch(std::vector<Period> outages) : outages_(std::move(outages)) {}

  // Something that was sent then failed or went well at `at`.
  void OnFailure(Instant sent_at) {
    if (next_ < outages_.size() && sent_at >= outages_[next_].from) Failure(sent_at);
  }
  void OnSuccess(Instant at, Instant sent_at) {
    if (next_ < outages_.size() && sent_at >= outages_[next_].to) Success(at, sent_at);
  }
  // `lost`: nothing will go well any more.
  void OnEnd(bool lost);

  const Recovery& recovery() const { return recovery_; }

 private:
  void Failure(Instant sent_at);
  void Success(Instant at, Instant sent_at);
  // Goes on to the outage that was the last to be over then, if it is not the next one.
  void PassBy(Instant at);

  std::vector<Period> outages_;
  std::size_t next_ = 0;
  bool met_ = false;    // during the next one
  bool tried_ = false;  // in vain, after it
  Recovery recovery_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_OUTAGE_WATCH_H_
