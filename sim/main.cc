// keywalk-sim: failover on virtual time. Exit status 0: done, and what was checked holds; 1: a run
// that differed when repeated; 2: wrong use or wrong input; 3, 4, 5: a hunt found a run that broke
// an invariant of safety, one of liveness, or that crashed.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "keywalk/config.h"
#include "sim/command_line.h"
#include "sim/gateway/core_gateway.h"
#include "sim/run/run_world.h"
#include "sim/run/trace.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

constexpr int kWrongUse = 2;

int Fail(const std::string& message) {
  std::cerr << "keywalk-sim: " << message << "\n";
  return kWrongUse;
}

int RunReport(const ReportLine& line) {
  if (line.command == ReportLine::Command::kMerge) {
    return RunMerge(line.merge, {}, std::cout, std::cerr);
  }
  return RunCompare(line.compare, NewCoreGateway, std::cout, std::cerr);
}

int Main(int argc, const char* const* argv) {
  CommandLine line;
  if (const std::optional<int> status = ParseCommandLine(argc, argv, line)) return *status;
  if (line.report.command != ReportLine::Command::kNone) return RunReport(line.report);
  const Result<World> world = LoadWorld(line.run.world);
  if (!world) return Fail(world.error().message());
  std::vector<std::string> names = line.run.policies;
  if (names.empty()) names.emplace_back("coder-v1");
  Progress progress(line.run.seeds.last - line.run.seeds.first + 1, "seeds", world->duration);
  for (const std::string& name : names) {
    const Result<Policy> policy = LoadPolicy(name);
    if (!policy) return Fail(policy.error().message());
    for (std::uint64_t seed = line.run.seeds.first; seed <= line.run.seeds.last; ++seed) {
      TraceHash hash;
      RunOptions options;
      options.seed = seed;
      const RunTotals totals =
          RunWorld(*world, *policy, options, NewCoreGateway, {&hash}, &progress);
      std::printf("%s seed %llu: %llu requests, %llu events, trace %016llx\n", policy->name.c_str(),
                  static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(totals.requests),
                  static_cast<unsigned long long>(totals.events),
                  static_cast<unsigned long long>(hash.value()));
    }
  }
  return 0;
}

}  // namespace
}  // namespace keywalk::sim

int main(int argc, char** argv) { return keywalk::sim::Main(argc, argv); }
