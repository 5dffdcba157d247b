// Gateways with one bug each, so that every invariant is seen to fail.
//
// A bug is put beside the code under simulation, never into it: in place of its step machine, or
// between it and the simulation.
#ifndef KEYWALK_SIM_CHECK_PLANTED_BUG_H_
#define KEYWALK_SIM_CHECK_PLANTED_BUG_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/check/invariant.h"
#include "sim/run/simulation.h"

namespace keywalk::sim {

enum class Flaw : std::uint8_t {
  // In the step machine.
  kTriesCoolingKeys,
  kReadsStatesOnce,
  kShortensDeadlines,
  kForgetsPermanence,
  kSameKeyAgain,
  kRoundRobin,
  kBudgetOfTwo,
  kMarksTheNeighbour,
  kAnswersTheDefault,
  kUnauthorizedForGood,
  // Around the gateway.
  kChangesTheBody,
  kRetriesTruncated,
  kRetriesResets,
  kWalksAgain,
  kEchoesTheKey,
  kLosesAnswers,
  kBreakerStaysOpen,
  kCrashes,
  kHangs,
  kRemembersOtherRuns,
};

struct PlantedBug {
  Flaw flaw;
  std::string_view name;            // "tries-cooling-keys"
  std::string_view title;           // what the gateway does wrong
  std::optional<Invariant> breaks;  // nullopt: none, the run crashes or is not repeatable
};
std::span<const PlantedBug> AllPlantedBugs() noexcept;
// Null if there is none of that name.
const PlantedBug* FindPlantedBug(std::string_view name) noexcept;

// The core's gateway with the bug.
GatewayFactory GatewayWith(const PlantedBug& bug);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_PLANTED_BUG_H_
