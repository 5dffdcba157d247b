// When the calls of a group of clients begin.
#ifndef KEYWALK_SIM_RUN_ARRIVALS_H_
#define KEYWALK_SIM_RUN_ARRIVALS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "keywalk/clock.h"
#include "sim/engine/random.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// One group's calls, as a stream of times that never go back. Closed groups have their users' first
// calls here; the later ones follow from answers. Not safe for concurrent use.
class ArrivalStream {
 public:
  // `arrivals` outlives it.
  ArrivalStream(const Arrivals& arrivals, std::uint64_t seed, std::uint64_t group)
      : arrivals_(arrivals), engine_(EngineFor(seed, Stream::kArrivals, group)) {}

  // The next call's time; nullopt if there is none.
  std::optional<Instant> Next();

 private:
  std::optional<Instant> NextOf(const PoissonArrivals& poisson);
  std::optional<Instant> NextOf(const BurstArrivals& bursts);
  std::optional<Instant> NextOf(const DiurnalArrivals& diurnal);
  std::optional<Instant> NextOf(const ClosedArrivals& closed);
  std::optional<Instant> NextOf(const ListedArrivals& listed);
  Instant AfterGap(double per_second);

  const Arrivals& arrivals_;
  RandomEngine engine_;
  Instant last_{};
  std::size_t count_ = 0;  // given so far
};

// A user's pause between two calls of a closed group, before the call of that number.
Duration ThinkTime(const ClosedArrivals& closed, std::uint64_t seed, std::uint64_t call);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_ARRIVALS_H_
