#include "sim/trace_command.h"

#include <fstream>
#include <ostream>

#include "keywalk/config.h"
#include "sim/run/progress.h"
#include "sim/run/run_world.h"
#include "sim/run/trace.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

constexpr int kWrongInput = 2;

int FailTrace(std::ostream& err, const std::string& message) {
  err << "keywalk-sim: " << message << "\n";
  return kWrongInput;
}

}  // namespace

int RunTrace(const TraceOptions& options, const GatewayFactory& gateway, std::ostream& out,
             std::ostream& err) {
  const Result<World> world = LoadWorld(options.world);
  if (!world) return FailTrace(err, world.error().message());
  const Result<Policy> policy = LoadPolicy(options.policy);
  if (!policy) return FailTrace(err, policy.error().message());
  std::ofstream file;
  const bool to_file = options.path != "-";
  if (to_file) file.open(options.path, std::ios::binary | std::ios::trunc);
  std::ostream& into = to_file ? file : out;
  if (!into) return FailTrace(err, options.path + ": cannot be written");

  TraceHash hash;
  TraceLines lines(*world, [&into](std::string_view line) { into << line << '\n'; });
  RunOptions run;
  run.seed = options.seed;
  {
    Progress progress(1, "seeds", world->duration);
    RunWorld(*world, *policy, run, gateway, {&hash, &lines},
             [&progress](Instant now) { progress.Show(0, now, now.time_since_epoch()); });
  }
  into.flush();
  if (!into) return FailTrace(err, options.path + ": could not be written to its end");
  err << hash.events() << " events, trace " << hash.text() << "\n";
  return 0;
}

}  // namespace keywalk::sim
