// The runs of a world under several policies and seeds.
#ifndef KEYWALK_SIM_REPORT_REPORT_H_
#define KEYWALK_SIM_REPORT_REPORT_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/report/run_result.h"
#include "sim/world/world.h"

namespace keywalk::sim {

struct PolicyRuns {
  std::string name;
  std::shared_ptr<const nlohmann::json> document;  // the policy as its file has it
  std::vector<RunResult> runs;                     // by ascending seed, each once
};

// A plain value.
struct Report {
  World world;
  std::string driver = "core";  // or "transport": what carried the requests
  std::vector<PolicyRuns> policies;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_REPORT_H_
