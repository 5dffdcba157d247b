// `keywalk-sim compare`: one world, several policies, the same seeds for each.
#ifndef KEYWALK_SIM_REPORT_COMPARE_H_
#define KEYWALK_SIM_REPORT_COMPARE_H_

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "sim/report/report_output.h"
#include "sim/run/seed_range.h"
#include "sim/run/simulation.h"

namespace keywalk::sim {

struct CompareOptions {
  std::string world;                  // a file
  std::vector<std::string> policies;  // names or files; empty: coder-v1 and coder-v2
  SeedRange seeds;
  bool real_transport = false;
  // How many of the first seeds' runs keep a timeline; the others tell their sums alone.
  std::size_t timelines = 1;
  std::size_t timeline_parts = 2000;
  std::size_t jobs = 1;  // runs at the same time
  ReportPaths paths;
};

// Runs everything; the report depends on the seeds, not on `jobs`. The error is for the person who
// chose the world, the policies or the files.
Result<Report> Compare(const CompareOptions& options, const GatewayFactory& gateway);

// The same, with the table on `out`, the files written and an error on `err`. The exit status: 0,
// or 2 with an error.
int RunCompare(const CompareOptions& options, const GatewayFactory& gateway, std::ostream& out,
               std::ostream& err);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_COMPARE_H_
