// Makes a failing run small: fewer requests, answers, keys and replicas, simpler times, as long as
// it breaks the same invariant first.
#ifndef KEYWALK_SIM_CHECK_SHRINKER_H_
#define KEYWALK_SIM_CHECK_SHRINKER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "sim/check/checked_run.h"
#include "sim/check/invariant.h"
#include "sim/check/story.h"

namespace keywalk::sim {

// Takes away ever smaller pieces of a list for as long as `try_without` (from, count: true if it
// was taken away for good) agrees: first halves, at last single elements, until none of them can
// go (Zeller, Hildebrandt: "Simplifying and isolating failure-inducing input", TSE 2002, without
// its increase of granularity by complements). `size` is asked anew after each success.
void RemovePieces(const std::function<std::size_t()>& size,
                  const std::function<bool(std::size_t from, std::size_t count)>& try_without);

// A run that fails, with nothing left to leave out.
struct Shrunk {
  Story story;
  RunOptions options;  // how it has to be run
  CheckedRun run;
  std::uint64_t runs = 0;  // tried on the way

  // As it is run.
  CheckedWorld checked(const CheckedWorld& origin) const;
};

// nullopt if the run, told as a story, does not fail in the same way.
// REQUIRES: RunChecked(failing) breaks `invariant` first.
std::optional<Shrunk> ShrinkRun(const CheckedWorld& failing, Invariant invariant);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_SHRINKER_H_
