#include "sim/check/check_command.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "conformance/report/output_file.h"
#include "sim/check/decision_case.h"
#include "sim/check/finding.h"
#include "sim/check/hunt.h"
#include "sim/check/key_trace.h"
#include "sim/check/planted_bug.h"
#include "sim/check/seed_check.h"
#include "sim/run/progress.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

using conformance::OutputFile;
using nlohmann::json;

constexpr int kWrongCheckUse = 2;

int FailCheck(const std::string& message, std::ostream& err) {
  err << "keywalk-sim: " << message << "\n";
  return kWrongCheckUse;
}

int ListPlantedBugs(std::ostream& out) {
  for (const PlantedBug& bug : AllPlantedBugs()) {
    out << bug.name << "\t" << (bug.breaks ? ToString(*bug.breaks) : "-") << "\t" << bug.title
        << "\n";
  }
  return 0;
}

Result<HuntSpec> SpecOf(const CheckOptions& options) {
  HuntSpec spec;
  spec.policy = options.policy;
  spec.interleave = !options.in_order;
  spec.shrink = !options.no_shrink;
  spec.twice = options.determinism;
  if (!options.plant.empty()) {
    spec.bug = FindPlantedBug(options.plant);
    if (spec.bug == nullptr) {
      return Error("no planted bug is named " + options.plant + "; see --list-planted-bugs");
    }
  }
  if (!options.world.empty()) {
    Result<World> world = LoadWorld(options.world);
    if (!world) return world.error();
    spec.world = *std::move(world);
  }
  return spec;
}

HuntLimits LimitsOf(const CheckOptions& options) {
  HuntLimits limits;
  limits.seeds = options.seeds;
  limits.jobs = options.jobs;
  limits.max_findings = options.max_findings;
  if (options.minutes > 0) {
    limits.time = std::chrono::milliseconds(static_cast<std::int64_t>(options.minutes * 60'000));
  }
  return limits;
}

// The command that finds it again.
std::string RepeatLine(const CheckOptions& options, const Finding& finding) {
  std::string line = "keywalk-sim ";
  if (!options.world.empty()) line += options.world + " ";
  line += options.determinism ? "--check-determinism" : "--check";
  line += " --seed " + std::to_string(finding.seed);
  if (!options.policy.empty()) line += " --policy " + options.policy;
  if (!options.plant.empty()) line += " --plant " + options.plant;
  if (options.real_transport) line += " --real-transport";
  if (options.in_order) line += " --in-order";
  return line;
}

void PrintFinding(const CheckOptions& options, const SeedCheck& check, const Finding& finding,
                  std::ostream& out) {
  out << "\nFAILED " << ToString(finding.kind);
  if (!finding.invariant.empty()) out << ", " << finding.invariant;
  out << " (seed " << finding.seed << ", policy " << finding.policy << ")\n";
  const std::optional<Invariant> invariant = ParseInvariant(finding.invariant);
  if (invariant) out << "  rule:   " << InfoOf(*invariant).rule << "\n";
  out << "  run:    " << finding.message << "\n  repeat: " << RepeatLine(options, finding) << "\n";
  if (finding.kind == Finding::Kind::kCrash || finding.kind == Finding::Kind::kDifference) return;
  if (finding.shrunk) {
    out << "  shrunk to " << finding.events << " events (requests, answers that are not an "
        << "immediate 200, restarts):\n          " << finding.small_message << "\n";
  } else {
    out << "  not shrunk; its last rows:\n";
  }
  out << KeyTrace(check.WorldOf(finding));
}

void PrintSum(const HuntResult& result, std::ostream& out) {
  const double simulated_s = static_cast<double>(result.simulated_ms) / 1000;
  const double real_s = static_cast<double>(result.real_ms) / 1000;
  out << result.seeds_done << " seeds, " << result.requests << " requests (" << result.requests_held
      << " had to succeed), " << result.events << " events, "
      << static_cast<std::uint64_t>(simulated_s / 3600) << " hours simulated in " << real_s
      << " s: " << result.findings.size() << " failed\n";
}

// Files that are to be written once something is found, or at the end.
class CheckFiles {
 public:
  static Result<CheckFiles> Claim(const CheckOptions& options) {
    CheckFiles files;
    for (const auto& [path, file] :
         {std::pair(&options.json, &files.json_), std::pair(&options.write_world, &files.world_),
          std::pair(&options.write_fixture, &files.fixture_)}) {
      if (path->empty()) continue;
      Result<OutputFile> claimed = OutputFile::Claim(*path);
      if (!claimed) return claimed.error();
      *file = *std::move(claimed);
    }
    return files;
  }

  // The first finding's world and case.
  std::optional<Error> Write(const SeedCheck& check, const HuntResult& result) const {
    if (json_) {
      if (auto error = json_->Write(ToJson(result).dump(2) + "\n")) return error;
    }
    if (result.findings.empty()) return std::nullopt;
    const Finding& first = result.findings.front();
    if (world_) {
      if (auto error = world_->Write(ToJson(first.world).dump(2) + "\n")) return error;
    }
    if (!fixture_) return std::nullopt;
    const auto test_case = DecisionCase(first, check.WorldOf(first));
    if (!test_case) return test_case.error();
    return fixture_->Write(test_case->dump(2) + "\n");
  }

 private:
  std::optional<OutputFile> json_;
  std::optional<OutputFile> world_;
  std::optional<OutputFile> fixture_;
};

}  // namespace

int RunCheck(const CheckOptions& options, const GatewayFactory& gateway, std::ostream& out,
             std::ostream& err) {
  if (options.list_planted_bugs) return ListPlantedBugs(out);
  Result<HuntSpec> spec = SpecOf(options);
  if (!spec) return FailCheck(spec.error().message(), err);
  spec->gateway = gateway;
  const Result<SeedCheck> check = SeedCheck::Make(*std::move(spec));
  if (!check) return FailCheck(check.error().message(), err);
  const Result<CheckFiles> files = CheckFiles::Claim(options);
  if (!files) return FailCheck(files.error().message(), err);
  const HuntLimits limits = LimitsOf(options);
  Result<HuntResult> result = Error("");
  {
    Progress progress(options.minutes > 0 ? 0 : limits.seeds.size(), "seeds", std::nullopt);
    result = Hunt(*check, limits, [&progress](const HuntProgress& sum) {
      const Duration simulated = Milliseconds(sum.simulated_ms);
      progress.Show(sum.seeds_done, Instant(simulated), simulated);
    });
  }
  if (!result) return FailCheck(result.error().message(), err);
  PrintSum(*result, out);
  for (const Finding& finding : result->findings) PrintFinding(options, *check, finding, out);
  if (const auto error = files->Write(*check, *result))
    err << "keywalk-sim: " << error->message() << "\n";
  return ExitStatus(result->findings);
}

int RunMergeHunts(const std::vector<json>& documents, const std::vector<std::string>& sources,
                  const std::string& json_path, std::ostream& out, std::ostream& err) {
  std::vector<HuntResult> hunts;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    Result<HuntResult> hunt = ReadHuntResult(documents[i], sources[i]);
    if (!hunt) return FailCheck(hunt.error().message(), err);
    hunts.push_back(*std::move(hunt));
  }
  std::optional<OutputFile> file;
  if (!json_path.empty()) {
    Result<OutputFile> claimed = OutputFile::Claim(json_path);
    if (!claimed) return FailCheck(claimed.error().message(), err);
    file = *std::move(claimed);
  }
  const Result<HuntResult> sum = MergeHunts(std::move(hunts), sources);
  if (!sum) return FailCheck(sum.error().message(), err);
  PrintSum(*sum, out);
  for (const Finding& finding : sum->findings) {
    out << ToString(finding.kind) << " " << finding.invariant << " seed " << finding.seed
        << " policy " << finding.policy << ", " << finding.events << " events: " << finding.message
        << "\n";
  }
  if (file) {
    if (const auto error = file->Write(ToJson(*sum).dump(2) + "\n")) {
      return FailCheck(error->message(), err);
    }
  }
  return ExitStatus(sum->findings);
}

}  // namespace keywalk::sim
