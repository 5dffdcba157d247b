// What a hunt found: a seed whose run must not be, and the run made small.
#ifndef KEYWALK_SIM_CHECK_FINDING_H_
#define KEYWALK_SIM_CHECK_FINDING_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_reader.h"
#include "keywalk/result.h"
#include "sim/run/seed_range.h"
#include "sim/run/simulation.h"
#include "sim/world/world.h"

namespace keywalk::sim {

struct Finding {
  enum class Kind : std::uint8_t { kSafety, kLiveness, kCrash, kDifference };
  Kind kind = Kind::kSafety;
  std::uint64_t seed = 0;
  std::string invariant;  // of kSafety and kLiveness
  std::string message;    // of the drawn run: when, what, what was expected
  std::string policy;     // a name or a file
  std::string bug;        // planted; empty: none
  bool shrunk = false;    // what follows is the run made small; else the drawn world
  std::size_t events = 0;
  std::string small_message;  // of the run made small
  RunOptions options;         // to run `world` with
  World world;
};
// "safety", "liveness", "crash", "difference".
std::string_view ToString(Finding::Kind kind) noexcept;

// The worst that was found: 0 nothing, 1 a difference, 3 safety, 4 liveness, 5 a crash, which is
// the worst; safety comes before liveness.
int ExitStatus(const std::vector<Finding>& findings) noexcept;

// A hunt, or several together.
struct HuntResult {
  std::vector<SeedRange> seeds;  // ascending; up to the last one that was begun
  std::string policy;            // empty: drawn
  std::string bug;
  std::uint64_t seeds_done = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_held = 0;  // to success
  std::uint64_t events = 0;
  std::uint64_t simulated_ms = 0;
  std::uint64_t real_ms = 0;      // of all, one after the other
  std::vector<Finding> findings;  // by seed
};

inline constexpr std::string_view kHuntKind = "hunt";

nlohmann::ordered_json ToJson(const Finding& finding);
Finding ReadFinding(const nlohmann::json& value, const std::string& pointer,
                    config::JsonProblems& problems);
// The document of `--json`.
nlohmann::ordered_json ToJson(const HuntResult& result);
Result<HuntResult> ReadHuntResult(const nlohmann::json& document, std::string_view source);

// Hunts of the same policy and bug, over seeds that no two of them share. `sources` names them in
// errors. REQUIRES: at least one
Result<HuntResult> MergeHunts(std::vector<HuntResult> hunts,
                              const std::vector<std::string>& sources);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_FINDING_H_
