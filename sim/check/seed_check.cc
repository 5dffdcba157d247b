#include "sim/check/seed_check.h"

#include <chrono>
#include <utility>

#include "keywalk/config.h"
#include "sim/check/determinism.h"
#include "sim/check/draw_world.h"
#include "sim/check/shrinker.h"

namespace keywalk::sim {
namespace {

constexpr std::string_view kUsualPolicy = "coder-v2";

// Beside the policies that worlds are drawn with.
constexpr std::string_view kDrawnPolicies[] = {"coder-v1", "coder-v2", "every-clause"};

// Of a drawn world: requests are not counted before it is run.
std::size_t FaultsListed(const World& world) {
  std::size_t count = world.gateways.restarts.size();
  for (const KeySpec& key : world.keys) count += key.answers.size();
  return count;
}

std::uint64_t MillisecondsTo(Instant end) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Milliseconds>(end.time_since_epoch()).count());
}

}  // namespace

Result<SeedCheck> SeedCheck::Make(HuntSpec spec) {
  if (spec.world && spec.policy.empty()) spec.policy = kUsualPolicy;
  SeedCheck check(std::move(spec));
  std::vector<std::string> names;
  if (check.spec_.policy.empty()) {
    names.assign(std::begin(kDrawnPolicies), std::end(kDrawnPolicies));
  } else {
    names.push_back(check.spec_.policy);
  }
  for (const std::string& name : names) {
    Result<Policy> policy = LoadPolicy(name);
    if (!policy) return policy.error();
    check.policies_.emplace(name, *std::move(policy));
  }
  return check;
}

SeedReport SeedCheck::Check(std::uint64_t seed) const {
  const CheckedWorld checked = WorldOf(seed);
  if (spec_.twice) return CheckTwice(seed, checked);
  const CheckedRun run = RunChecked(checked);
  SeedReport report;
  report.requests = run.requests;
  report.requests_held = run.requests_held;
  report.events = run.events;
  report.simulated_ms = MillisecondsTo(run.end);
  if (run.first() != nullptr) report.finding = Shrink(seed, checked, run);
  return report;
}

SeedReport SeedCheck::CheckTwice(std::uint64_t seed, const CheckedWorld& checked) const {
  const TwiceRun run = RunTwice(checked);
  SeedReport report;
  report.requests = run.requests;
  report.events = run.events;
  report.simulated_ms = MillisecondsTo(run.end);
  const std::optional<RunDifference>& difference = run.difference;
  if (!difference) return report;
  Finding finding = Describe(seed, checked);
  finding.kind = Finding::Kind::kDifference;
  finding.message = "event " + std::to_string(difference->line) +
                    " of the trace\n  first run:  " + difference->first +
                    "\n  second run: " + difference->second;
  report.finding = std::move(finding);
  return report;
}

Finding SeedCheck::Crash(std::uint64_t seed, std::string how) const {
  Finding finding = Describe(seed, WorldOf(seed));
  finding.kind = Finding::Kind::kCrash;
  finding.message = std::move(how);
  return finding;
}

CheckedWorld SeedCheck::WorldOf(std::uint64_t seed) const {
  CheckedWorld checked;
  std::string policy = spec_.policy;
  if (spec_.world) {
    checked.world = *spec_.world;
  } else {
    DrawnWorld drawn = DrawWorld(seed, spec_.policy);
    checked.world = std::move(drawn.world);
    checked.quiet_from = drawn.quiet_from;
    policy = std::move(drawn.policy);
  }
  checked.policy = &policies_.find(policy)->second;
  checked.options = RunOptions{seed, spec_.interleave};
  checked.bug = spec_.bug;
  checked.gateway = spec_.gateway;
  return checked;
}

CheckedWorld SeedCheck::WorldOf(const Finding& finding) const {
  CheckedWorld checked;
  checked.world = finding.world;
  checked.policy = &policies_.find(finding.policy)->second;
  checked.options = finding.options;
  checked.bug = spec_.bug;
  checked.gateway = spec_.gateway;
  return checked;
}

Finding SeedCheck::Describe(std::uint64_t seed, const CheckedWorld& checked) const {
  Finding finding;
  finding.seed = seed;
  for (const auto& [name, policy] : policies_) {
    if (&policy == checked.policy) finding.policy = name;
  }
  if (spec_.bug != nullptr) finding.bug = spec_.bug->name;
  finding.options = checked.options;
  finding.world = checked.world;
  finding.events = FaultsListed(checked.world);
  return finding;
}

Finding SeedCheck::Shrink(std::uint64_t seed, const CheckedWorld& checked,
                          const CheckedRun& run) const {
  const Violation& first = *run.first();
  Finding finding = Describe(seed, checked);
  const InvariantInfo& info = InfoOf(first.invariant);
  finding.kind = info.is_liveness ? Finding::Kind::kLiveness : Finding::Kind::kSafety;
  finding.invariant = info.name;
  finding.message = sim::Describe(first, checked.world);
  finding.events += run.requests;
  if (!spec_.shrink) return finding;
  const std::optional<Shrunk> shrunk = ShrinkRun(checked, first.invariant);
  if (!shrunk) return finding;
  finding.shrunk = true;
  finding.events = shrunk->story.events();
  finding.options = shrunk->options;
  finding.world = ToWorld(shrunk->story);
  finding.small_message = sim::Describe(*shrunk->run.first(), finding.world);
  return finding;
}

std::string Describe(const Violation& violation, const World& world) {
  std::string text = InSeconds(violation.at) + ": " + violation.message;
  std::string about;
  if (violation.request) about += "request " + std::to_string(*violation.request);
  if (violation.key) {
    about += (about.empty() ? "" : ", ") + std::string("key ") + world.keys[*violation.key].name;
  }
  return about.empty() ? text : text + " (" + about + ")";
}

}  // namespace keywalk::sim
