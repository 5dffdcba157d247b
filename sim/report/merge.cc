#include "sim/report/merge.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "config/json_reader.h"
#include "sim/report/report_json.h"
#include "sim/report/terminal_table.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

using nlohmann::json;

// `added` into `policy`, both by ascending seed.
std::optional<Error> MergeRuns(PolicyRuns& policy, PolicyRuns added, const std::string& source) {
  if (*policy.document != *added.document) {
    return Error(source + ": another policy has the name " + policy.name + " there");
  }
  std::vector<RunResult> merged;
  std::merge(std::make_move_iterator(policy.runs.begin()),
             std::make_move_iterator(policy.runs.end()),
             std::make_move_iterator(added.runs.begin()), std::make_move_iterator(added.runs.end()),
             std::back_inserter(merged),
             [](const RunResult& a, const RunResult& b) { return a.seed < b.seed; });
  const auto twice =
      std::adjacent_find(merged.begin(), merged.end(),
                         [](const RunResult& a, const RunResult& b) { return a.seed == b.seed; });
  if (twice != merged.end()) {
    return Error(source + ": seed " + std::to_string(twice->seed) + " of " + policy.name +
                 " is in an earlier file, too");
  }
  policy.runs = std::move(merged);
  return std::nullopt;
}

std::optional<Error> MergeInto(Report& report, Report added, const std::string& source) {
  if (ToJson(report.world) != ToJson(added.world)) {
    return Error(source + ": /world: not the world of the first file");
  }
  if (report.driver != added.driver) {
    return Error(source + ": /driver: not the driver of the first file");
  }
  for (PolicyRuns& policy : added.policies) {
    const auto known = std::find_if(report.policies.begin(), report.policies.end(),
                                    [&](const PolicyRuns& one) { return one.name == policy.name; });
    if (known == report.policies.end()) {
      report.policies.push_back(std::move(policy));
    } else if (auto error = MergeRuns(*known, std::move(policy), source)) {
      return error;
    }
  }
  return std::nullopt;
}

// The documents, all of the kind of the first.
Result<std::vector<json>> ReadDocuments(const std::vector<std::string>& paths) {
  std::vector<json> documents;
  for (const std::string& path : paths) {
    config::JsonProblems problems(path);
    json document = config::ReadJsonFile(path, problems);
    if (problems.any()) return problems.error();
    if (!document.is_object() || !document.contains("kind") || !document["kind"].is_string()) {
      return Error(path + ": /kind: expected the kind of a result of keywalk-sim --json");
    }
    if (!documents.empty() && document["kind"] != documents.front()["kind"]) {
      return Error(path + ": /kind: not of the kind of the first file");
    }
    documents.push_back(std::move(document));
  }
  return documents;
}

Result<Report> MergeMeasurements(const std::vector<json>& documents,
                                 const std::vector<std::string>& paths) {
  std::vector<Report> reports;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    Result<Report> report = ReadReport(documents[i], paths[i]);
    if (!report) return report.error();
    reports.push_back(*std::move(report));
  }
  return MergeReports(std::move(reports), paths);
}

int FailToMerge(const Error& error, std::ostream& err) {
  err << "keywalk-sim: " << error.message() << "\n";
  return 2;
}

int RunMergeMeasurements(const std::vector<json>& documents, const MergeOptions& options,
                         std::ostream& out, std::ostream& err) {
  const Result<ReportOutput> output = ReportOutput::Claim(options.paths);
  if (!output) return FailToMerge(output.error(), err);
  const Result<Report> report = MergeMeasurements(documents, options.inputs);
  if (!report) return FailToMerge(report.error(), err);
  out << FormatTable(*report);
  if (const std::optional<Error> error = output->Write(*report)) return FailToMerge(*error, err);
  return 0;
}

}  // namespace

Result<Report> MergeReports(std::vector<Report> reports, const std::vector<std::string>& sources) {
  Report merged = std::move(reports.front());
  for (std::size_t i = 1; i < reports.size(); ++i) {
    if (auto error = MergeInto(merged, std::move(reports[i]), sources[i])) return *error;
  }
  return merged;
}

int RunMerge(const MergeOptions& options, const KindMergers& others, std::ostream& out,
             std::ostream& err) {
  const Result<std::vector<json>> documents = ReadDocuments(options.inputs);
  if (!documents) return FailToMerge(documents.error(), err);
  const auto kind = documents->front()["kind"].get<std::string>();
  if (kind == kMeasurementKind) return RunMergeMeasurements(*documents, options, out, err);
  if (const auto other = others.find(kind); other != others.end()) {
    return other->second(*documents, options, out, err);
  }
  return FailToMerge(
      Error(options.inputs.front() + ": /kind: cannot merge \"" + config::Printable(kind) + "\""),
      err);
}

}  // namespace keywalk::sim
