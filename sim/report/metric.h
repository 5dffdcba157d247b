// The figures of a report, each with its name, its unit and how it is computed from a run.
#ifndef KEYWALK_SIM_REPORT_METRIC_H_
#define KEYWALK_SIM_REPORT_METRIC_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/estimate.h"
#include "sim/report/run_result.h"

namespace keywalk::sim {

enum class Unit : std::uint8_t { kShare, kNumber, kSeconds, kMilliseconds };
// "share", "number", "s", "ms".
std::string_view ToString(Unit unit) noexcept;

enum class Better : std::uint8_t { kNeither, kHigher, kLower };
// "neither", "higher", "lower".
std::string_view ToString(Better better) noexcept;

struct Metric {
  std::string_view name;   // as in the JSON
  std::string_view title;  // for people
  Unit unit;
  Better better;
  // nullopt where the run has nothing to tell it from, such as the latency of no success.
  std::optional<double> (*value)(const RunResult& run);
};

// In the order in which they are shown.
std::span<const Metric> Metrics();

struct KeyMetric {
  std::string_view name;
  std::string_view title;
  Unit unit;
  std::optional<double> (*value)(const RunResult& run, const KeyResult& key);
};
std::span<const KeyMetric> KeyMetrics();

// Over the runs that have a value, in their order.
std::optional<Estimate> EstimateOf(const Metric& metric, std::span<const RunResult> runs);
// REQUIRES: every run has that key.
std::optional<Estimate> EstimateOf(const KeyMetric& metric, std::size_t key,
                                   std::span<const RunResult> runs);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_METRIC_H_
