// `keywalk-sim --check`: the hunt as a command, from its options to its exit status.
#ifndef KEYWALK_SIM_CHECK_CHECK_COMMAND_H_
#define KEYWALK_SIM_CHECK_CHECK_COMMAND_H_

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/run/seed_range.h"
#include "sim/run/simulation.h"

namespace keywalk::sim {

struct CheckOptions {
  bool check = false;              // --check
  bool determinism = false;        // --check-determinism: looks for differences instead
  bool list_planted_bugs = false;  // --list-planted-bugs: and nothing else
  std::string world;               // a file, in many orders of its events; empty: drawn worlds
  std::string policy;              // a name or a file; empty: drawn
  SeedRange seeds;
  double minutes = 0;  // above 0: that long, and the seeds have no end unless they are given
  int jobs = 1;
  std::string plant;            // the name of a planted bug
  bool real_transport = false;  // said in the line that repeats a run
  bool in_order = false;        // simultaneous events come in their usual order
  bool no_shrink = false;
  std::uint64_t max_findings = 1;  // then the hunt ends
  std::string json;                // files to write, empty: none
  std::string write_world;
  std::string write_fixture;

  // True if one of these is to be done, instead of a plain run.
  bool any() const { return check || determinism || list_planted_bugs; }
};

// Runs the hunt on `gateway`, prints what comes of it on `out`, errors on `err`, and gives the exit
// status: 0 nothing found, 1 a run that differed when repeated, 2 wrong use or input, 3 a breach of
// safety, 4 of liveness, 5 a crash (the worst of what was found: 5, 3, 4, 1).
int RunCheck(const CheckOptions& options, const GatewayFactory& gateway, std::ostream& out,
             std::ostream& err);

// Puts the results of several hunts together (documents of --json), likewise. `json`: a file for
// the sum; empty: none. REQUIRES: as many names of files in `sources` as documents, at least one
int RunMergeHunts(const std::vector<nlohmann::json>& documents,
                  const std::vector<std::string>& sources, const std::string& json,
                  std::ostream& out, std::ostream& err);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_CHECK_COMMAND_H_
