#include "sim/check/finding.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "config/schema_version.h"
#include "sim/check/planted_bug.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kFindingKinds{"safety", "liveness", "crash",
                                                        "difference"};
constexpr IntegerRange kCounts{0, std::numeric_limits<std::int64_t>::max()};

// Seeds beyond what JSON's readers take for an integer are written as text.
ordered_json SeedJson(std::uint64_t seed) { return std::to_string(seed); }

std::uint64_t ReadSeed(ObjectReader& object, std::string_view key) {
  const std::string text = object.RequiredString(key);
  const bool digits =
      !text.empty() && text.size() <= 20 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    object.Problem(key, "expected a seed: decimal digits in a string");
    return 0;
  }
  std::uint64_t seed = 0;
  for (const char c : text) seed = seed * 10 + static_cast<std::uint64_t>(c - '0');
  return seed;
}

std::uint64_t ReadCount(ObjectReader& object, std::string_view key) {
  return static_cast<std::uint64_t>(object.RequiredInteger(key, kCounts));
}

std::string ReadBug(ObjectReader& object) {
  std::string bug = object.String("planted_bug");
  if (!bug.empty() && FindPlantedBug(bug) == nullptr) {
    object.Problem("planted_bug", "expected one of --list-planted-bugs");
  }
  return bug;
}

World ReadFoundWorld(ObjectReader& object, JsonProblems& problems) {
  const json* const value = object.RequiredObject("world");
  if (value == nullptr) return {};
  Result<World> world = ParseWorld(value->dump(), problems.source());
  if (world.ok()) return *std::move(world);
  problems.Add(object.PointerTo("world"), world.error().message());
  return {};
}

std::optional<Error> AddHunt(HuntResult& sum, HuntResult added, const std::string& source) {
  if (sum.policy != added.policy || sum.bug != added.bug) {
    return Error(source + ": not of the policy and planted bug of the first file");
  }
  for (const SeedRange& range : added.seeds) {
    const auto shared =
        std::find_if(sum.seeds.begin(), sum.seeds.end(), [&range](const SeedRange& known) {
          return known.first <= range.last && range.first <= known.last;
        });
    if (shared != sum.seeds.end()) {
      return Error(source + ": seeds from " + std::to_string(std::max(shared->first, range.first)) +
                   " on are in an earlier file, too");
    }
  }
  sum.seeds.insert(sum.seeds.end(), added.seeds.begin(), added.seeds.end());
  sum.seeds_done += added.seeds_done;
  sum.requests += added.requests;
  sum.requests_held += added.requests_held;
  sum.events += added.events;
  sum.simulated_ms += added.simulated_ms;
  sum.real_ms += added.real_ms;
  std::move(added.findings.begin(), added.findings.end(), std::back_inserter(sum.findings));
  return std::nullopt;
}

}  // namespace

std::string_view ToString(Finding::Kind kind) noexcept {
  return kFindingKinds[static_cast<std::size_t>(kind)];
}

int ExitStatus(const std::vector<Finding>& findings) noexcept {
  constexpr std::array<int, 4> kStatus{3, 4, 5, 1};
  constexpr std::array<int, 6> kWorse{0, 1, 0, 3, 2, 4};  // by status
  int worst = 0;
  for (const Finding& finding : findings) {
    const int status = kStatus[static_cast<std::size_t>(finding.kind)];
    if (kWorse[static_cast<std::size_t>(status)] > kWorse[static_cast<std::size_t>(worst)]) {
      worst = status;
    }
  }
  return worst;
}

ordered_json ToJson(const Finding& finding) {
  ordered_json object = {{"kind", ToString(finding.kind)}, {"seed", SeedJson(finding.seed)}};
  if (!finding.invariant.empty()) object["invariant"] = finding.invariant;
  object["message"] = finding.message;
  object["policy"] = finding.policy;
  if (!finding.bug.empty()) object["planted_bug"] = finding.bug;
  object["shrunk"] = finding.shrunk;
  object["events"] = finding.events;
  if (!finding.small_message.empty()) object["small_message"] = finding.small_message;
  object["order_seed"] = SeedJson(finding.options.seed);
  object["interleave"] = finding.options.interleave;
  object["world"] = ToJson(finding.world);
  return object;
}

Finding ReadFinding(const json& value, const std::string& pointer, JsonProblems& problems) {
  ObjectReader object(value, pointer, problems);
  Finding finding;
  object.RequiredString("kind");
  const std::string kind =
      object.Choice("kind", "safety", {kFindingKinds.begin(), kFindingKinds.end()});
  const auto* const found = std::find(kFindingKinds.begin(), kFindingKinds.end(), kind);
  finding.kind = static_cast<Finding::Kind>(found - kFindingKinds.begin());
  finding.seed = ReadSeed(object, "seed");
  finding.invariant = object.String("invariant");
  finding.message = object.RequiredString("message");
  finding.policy = object.RequiredString("policy");
  finding.bug = ReadBug(object);
  finding.shrunk = object.Boolean("shrunk", false);
  finding.events = ReadCount(object, "events");
  finding.small_message = object.String("small_message");
  finding.options.seed = ReadSeed(object, "order_seed");
  finding.options.interleave = object.Boolean("interleave", false);
  finding.world = ReadFoundWorld(object, problems);
  object.Finish();
  return finding;
}

ordered_json ToJson(const HuntResult& result) {
  ordered_json document = {{"schema_version", "1.0"}, {"kind", kHuntKind}};
  document["seeds"] = ordered_json::array();
  for (const SeedRange& range : result.seeds) {
    document["seeds"].push_back({{"first", SeedJson(range.first)}, {"last", SeedJson(range.last)}});
  }
  if (!result.policy.empty()) document["policy"] = result.policy;
  if (!result.bug.empty()) document["planted_bug"] = result.bug;
  document["seeds_done"] = result.seeds_done;
  document["requests"] = result.requests;
  document["requests_held"] = result.requests_held;
  document["events"] = result.events;
  document["simulated_ms"] = result.simulated_ms;
  document["real_ms"] = result.real_ms;
  document["findings"] = ordered_json::array();
  for (const Finding& finding : result.findings) document["findings"].push_back(ToJson(finding));
  return document;
}

Result<HuntResult> ReadHuntResult(const json& document, std::string_view source) {
  JsonProblems problems(source);
  ObjectReader root(document, "", problems);
  HuntResult result;
  config::CheckSchemaVersion(root);
  root.Choice("kind", kHuntKind, {kHuntKind});
  if (const json* const seeds = root.RequiredArray("seeds")) {
    for (std::size_t i = 0; i < seeds->size(); ++i) {
      ObjectReader entry((*seeds)[i], JoinPointer(root.PointerTo("seeds"), i), problems);
      SeedRange range;
      range.first = ReadSeed(entry, "first");
      range.last = ReadSeed(entry, "last");
      entry.Finish();
      result.seeds.push_back(range);
    }
  }
  result.policy = root.String("policy");
  result.bug = ReadBug(root);
  result.seeds_done = ReadCount(root, "seeds_done");
  result.requests = ReadCount(root, "requests");
  result.requests_held = ReadCount(root, "requests_held");
  result.events = ReadCount(root, "events");
  result.simulated_ms = ReadCount(root, "simulated_ms");
  result.real_ms = ReadCount(root, "real_ms");
  if (const json* const findings = root.RequiredArray("findings")) {
    for (std::size_t i = 0; i < findings->size(); ++i) {
      const std::string pointer = JoinPointer(root.PointerTo("findings"), i);
      result.findings.push_back(ReadFinding((*findings)[i], pointer, problems));
    }
  }
  root.Finish();
  if (problems.any()) return problems.error();
  return result;
}

Result<HuntResult> MergeHunts(std::vector<HuntResult> hunts,
                              const std::vector<std::string>& sources) {
  HuntResult sum = std::move(hunts.front());
  for (std::size_t i = 1; i < hunts.size(); ++i) {
    if (auto error = AddHunt(sum, std::move(hunts[i]), sources[i])) return *error;
  }
  std::sort(sum.seeds.begin(), sum.seeds.end(),
            [](const SeedRange& a, const SeedRange& b) { return a.first < b.first; });
  std::stable_sort(sum.findings.begin(), sum.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.seed < b.seed; });
  return sum;
}

}  // namespace keywalk::sim
