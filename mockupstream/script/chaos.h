// Seeded chaos: steps that some requests get instead of theirs. Which ones is a pure function of
// seed, lane and step number, so that neither concurrency nor the machine changes it.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_CHAOS_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_CHAOS_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_reader.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

// A plain value; concurrent reads are safe.
struct Chaos {
  struct Draw {
    double probability = 0;  // of all steps, 0 to 1
    ScriptStep step;
  };
  std::uint64_t seed = 0;
  std::vector<Draw> draws;  // at most one hits; their probabilities are at most 1 together
};

// {"seed": 1, "draws": [{"probability": 0.1, <members of a step, but for times>}]}
Chaos ReadChaos(const nlohmann::json& value, std::string pointer, config::JsonProblems& problems);

// The draws of one sequence. Immutable.
class ChaosTable {
 public:
  // `chaos` outlives it. `route` is empty for a lane's own steps.
  ChaosTable(const Chaos& chaos, std::string_view lane, std::string_view route);

  // The index of the draw that hits the step of that number, if one does.
  std::optional<std::size_t> Hit(std::uint64_t number) const;
  const Chaos& chaos() const { return chaos_; }

  // The number of that step, evenly spread over 0 to 2^53 - 1: the n-th output of SplitMix64
  // (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014) from a
  // start that seed and names make. A draw hits below its part of 2^53.
  std::uint64_t NumberOf(std::uint64_t step) const;

 private:
  const Chaos& chaos_;
  std::uint64_t start_;
  std::vector<std::uint64_t> ends_;  // ends_[i]: where the part of draw i ends
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_CHAOS_H_
