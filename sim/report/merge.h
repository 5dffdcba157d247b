// `keywalk-sim merge`: what was run in several places, put together.
#ifndef KEYWALK_SIM_REPORT_MERGE_H_
#define KEYWALK_SIM_REPORT_MERGE_H_

#include <functional>
#include <iosfwd>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "keywalk/result.h"
#include "sim/report/report.h"
#include "sim/report/report_output.h"

namespace keywalk::sim {

struct MergeOptions {
  std::vector<std::string> inputs;  // files of `--json`, of one kind; at least one
  ReportPaths paths;
};

// Reports of the same world by the same driver; for each policy the seeds of all, which no two of
// them may share. `sources` names them in errors.
Result<Report> MergeReports(std::vector<Report> reports, const std::vector<std::string>& sources);

// Merges documents that are all of its kind, the options' inputs in their order, writes the files
// and prints what came of it. Returns the exit status.
using KindMerger =
    std::function<int(const std::vector<nlohmann::json>& documents, const MergeOptions& options,
                      std::ostream& out, std::ostream& err)>;
// By the member "kind".
using KindMergers = std::map<std::string, KindMerger>;

// Merges measurements, and what `others` can. Prints what comes of it on `out`, an error on `err`.
// The exit status: 0, that of the others, or 2 with an error.
int RunMerge(const MergeOptions& options, const KindMergers& others, std::ostream& out,
             std::ostream& err);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_MERGE_H_
