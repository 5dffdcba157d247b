#include "sim/report/report_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "config/json_reader.h"
#include "config/schema_version.h"
#include "keywalk/config.h"
#include "sim/report/metric.h"
#include "sim/report/run_json.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;

ordered_json EstimateJson(const Estimate& estimate) {
  ordered_json object = {{"seeds", estimate.seeds}, {"mean", estimate.mean}};
  if (estimate.margin) {
    object["low"] = estimate.low();
    object["high"] = estimate.high();
  }
  return object;
}

ordered_json EstimatesJson(const PolicyRuns& policy) {
  ordered_json object = ordered_json::object();
  for (const Metric& metric : Metrics()) {
    if (const std::optional<Estimate> estimate = EstimateOf(metric, policy.runs)) {
      object[std::string(metric.name)] = EstimateJson(*estimate);
    }
  }
  return object;
}

ordered_json KeyEstimatesJson(const PolicyRuns& policy, std::size_t keys) {
  ordered_json array = ordered_json::array();
  for (std::size_t key = 0; key < keys; ++key) {
    ordered_json object = ordered_json::object();
    for (const KeyMetric& metric : KeyMetrics()) {
      if (const std::optional<Estimate> estimate = EstimateOf(metric, key, policy.runs)) {
        object[std::string(metric.name)] = EstimateJson(*estimate);
      }
    }
    array.push_back(std::move(object));
  }
  return array;
}

ordered_json MetricsJson() {
  ordered_json array = ordered_json::array();
  for (const Metric& metric : Metrics()) {
    array.push_back({{"name", metric.name},
                     {"title", metric.title},
                     {"unit", ToString(metric.unit)},
                     {"better", ToString(metric.better)}});
  }
  return array;
}

ordered_json KeyMetricsJson() {
  ordered_json array = ordered_json::array();
  for (const KeyMetric& metric : KeyMetrics()) {
    array.push_back(
        {{"name", metric.name}, {"title", metric.title}, {"unit", ToString(metric.unit)}});
  }
  return array;
}

void ReadRuns(ObjectReader& object, std::size_t keys, JsonProblems& problems, PolicyRuns& policy) {
  const json* array = object.RequiredArray("runs");
  if (array == nullptr) return;
  if (array->empty()) object.Problem("runs", "expected a run");
  std::set<std::uint64_t> seeds;
  for (std::size_t i = 0; i < array->size() && !problems.any(); ++i) {
    const std::string pointer = JoinPointer(object.PointerTo("runs"), i);
    RunResult run = ReadRun((*array)[i], pointer, keys, problems);
    if (!seeds.insert(run.seed).second) {
      problems.Add(JoinPointer(pointer, "seed"), "a second run of the same seed");
    }
    policy.runs.push_back(std::move(run));
  }
  std::sort(policy.runs.begin(), policy.runs.end(),
            [](const RunResult& a, const RunResult& b) { return a.seed < b.seed; });
}

PolicyRuns ReadPolicyRuns(const json& value, const std::string& pointer, std::size_t keys,
                          JsonProblems& problems) {
  PolicyRuns policy;
  ObjectReader object(value, pointer, problems);
  for (const char* computed : {"estimates", "key_estimates"}) object.Value(computed);
  if (const json* document = object.RequiredObject("policy")) {
    const std::string place = problems.source() + ": " + object.PointerTo("policy");
    const Result<Policy> parsed = ParsePolicy(document->dump(), place);
    if (parsed) {
      policy.name = parsed->name;
      policy.document = std::make_shared<const json>(*document);
    } else {
      object.Problem("policy", "not a policy: " + parsed.error().message());
    }
  }
  ReadRuns(object, keys, problems, policy);
  object.Finish();
  return policy;
}

void ReadPolicies(ObjectReader& root, JsonProblems& problems, Report& report) {
  const json* array = root.RequiredArray("policies");
  if (array == nullptr) return;
  if (array->empty()) root.Problem("policies", "expected a policy");
  std::set<std::string> names;
  for (std::size_t i = 0; i < array->size() && !problems.any(); ++i) {
    const std::string pointer = JoinPointer(root.PointerTo("policies"), i);
    PolicyRuns policy = ReadPolicyRuns((*array)[i], pointer, report.world.keys.size(), problems);
    if (!names.insert(policy.name).second) problems.Add(pointer, "a second policy of that name");
    report.policies.push_back(std::move(policy));
  }
}

}  // namespace

ordered_json ReportToJson(const Report& report) {
  ordered_json document = {{"schema_version", "1.0"},
                           {"kind", kMeasurementKind},
                           {"tool", {{"name", "keywalk-sim"}, {"version", KEYWALK_VERSION}}},
                           {"driver", report.driver},
                           {"world", ToJson(report.world)},
                           {"metrics", MetricsJson()},
                           {"key_metrics", KeyMetricsJson()}};
  ordered_json policies = ordered_json::array();
  for (const PolicyRuns& policy : report.policies) {
    ordered_json runs = ordered_json::array();
    for (const RunResult& run : policy.runs) runs.push_back(RunToJson(run));
    policies.push_back({{"policy", *policy.document},
                        {"estimates", EstimatesJson(policy)},
                        {"key_estimates", KeyEstimatesJson(policy, report.world.keys.size())},
                        {"runs", std::move(runs)}});
  }
  document["policies"] = std::move(policies);
  return document;
}

Result<Report> ReadReport(const json& document, const std::string& source) {
  JsonProblems problems(source);
  Report report;
  ObjectReader root(document, "", problems);
  config::CheckSchemaVersion(root);
  root.Choice("kind", "", {kMeasurementKind});
  report.driver = root.Choice("driver", "core", {"core", "transport"});
  for (const char* computed : {"tool", "metrics", "key_metrics"}) root.Value(computed);
  if (const json* world = root.RequiredObject("world")) {
    Result<World> parsed = ParseWorld(world->dump(), source + ": /world");
    if (!parsed) return parsed.error();
    report.world = *std::move(parsed);
  }
  if (problems.any()) return problems.error();
  ReadPolicies(root, problems, report);
  root.Finish();
  if (problems.any()) return problems.error();
  return report;
}

}  // namespace keywalk::sim
