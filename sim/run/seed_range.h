// Which seeds are run.
#ifndef KEYWALK_SIM_RUN_SEED_RANGE_H_
#define KEYWALK_SIM_RUN_SEED_RANGE_H_

#include <cstdint>

namespace keywalk::sim {

// Seeds from `first` to `last`, both included.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;

  std::uint64_t size() const { return last - first + 1; }
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_SEED_RANGE_H_
