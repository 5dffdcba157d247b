// keywalk-sim: failover on virtual time. Exit status 0: done, and what was checked holds; 1: a run
// that differed when repeated; 2: wrong use or wrong input; 3, 4, 5: a hunt found a run that broke
// an invariant of safety, one of liveness, or that crashed.
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/check_command.h"
#include "sim/check/finding.h"
#include "sim/command_line.h"
#include "sim/gateway/core_gateway.h"
#include "sim/report/compare.h"
#include "sim/report/merge.h"
#include "sim/trace_command.h"
#include "sim/transport_gateway/transport_gateway.h"

namespace keywalk::sim {
namespace {

GatewayFactory Driver(bool real_transport) {
  return real_transport ? NewTransportGateway : NewCoreGateway;
}

int MergeHuntFiles(const std::vector<nlohmann::json>& documents, const MergeOptions& options,
                   std::ostream& out, std::ostream& err) {
  return RunMergeHunts(documents, options.inputs, options.paths.json, out, err);
}

int Main(int argc, const char* const* argv) {
  CommandLine line;
  if (const std::optional<int> status = ParseCommandLine(argc, argv, line)) return *status;
  switch (line.command) {
    case CommandLine::Command::kCompare:
      return RunCompare(line.compare, Driver(line.compare.real_transport), std::cout, std::cerr);
    case CommandLine::Command::kMerge:
      return RunMerge(line.merge, {{std::string(kHuntKind), MergeHuntFiles}}, std::cout, std::cerr);
    case CommandLine::Command::kTrace:
      return RunTrace(line.trace, Driver(line.compare.real_transport), std::cout, std::cerr);
    case CommandLine::Command::kCheck:
      return RunCheck(line.check, Driver(line.compare.real_transport), std::cout, std::cerr);
  }
  return 0;
}

}  // namespace
}  // namespace keywalk::sim

int main(int argc, char** argv) { return keywalk::sim::Main(argc, argv); }
