// One seed of a hunt: drawn, run, checked, and what fails made small.
#ifndef KEYWALK_SIM_CHECK_SEED_CHECK_H_
#define KEYWALK_SIM_CHECK_SEED_CHECK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "keywalk/policy.h"
#include "keywalk/result.h"
#include "sim/check/checked_run.h"
#include "sim/check/finding.h"
#include "sim/check/planted_bug.h"
#include "sim/gateway/core_gateway.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// What is the same for all seeds.
struct HuntSpec {
  std::optional<World> world;  // that one in all orders of its events; nullopt: drawn
  std::string policy;          // a name or a file; empty: drawn, or coder-v2 for a given world
  const PlantedBug* bug = nullptr;
  GatewayFactory gateway = NewCoreGateway;  // where no bug is planted
  bool interleave = true;
  bool shrink = true;
  bool twice = false;  // looks for differences between two runs of the same, and for nothing else
};

struct SeedReport {
  std::optional<Finding> finding;
  std::uint64_t requests = 0;
  std::uint64_t requests_held = 0;
  std::uint64_t events = 0;
  std::uint64_t simulated_ms = 0;
};

// Concurrent calls are safe.
class SeedCheck {
 public:
  // Fails if the policy cannot be read.
  static Result<SeedCheck> Make(HuntSpec spec);

  const HuntSpec& spec() const noexcept { return spec_; }
  SeedReport Check(std::uint64_t seed) const;
  // For a seed that brought its process to an end.
  Finding Crash(std::uint64_t seed, std::string how) const;
  // As it is run. The policy is this object's.
  CheckedWorld WorldOf(std::uint64_t seed) const;
  // A finding's world, to be run again.
  CheckedWorld WorldOf(const Finding& finding) const;

 private:
  explicit SeedCheck(HuntSpec spec) : spec_(std::move(spec)) {}

  Finding Describe(std::uint64_t seed, const CheckedWorld& checked) const;
  Finding Shrink(std::uint64_t seed, const CheckedWorld& checked, const CheckedRun& run) const;
  SeedReport CheckTwice(std::uint64_t seed, const CheckedWorld& checked) const;

  HuntSpec spec_;
  std::map<std::string, Policy, std::less<>> policies_;  // by the name they are asked for
};

// "12.345 s: message (request 3, key k1)".
std::string Describe(const Violation& violation, const World& world);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_SEED_CHECK_H_
