// Reads numbers off a metrics page in Prometheus' text format, version 0.0.4.
//
// Pure functions; safe for concurrent use.
#ifndef KEYWALK_CONFORMANCE_PROMETHEUS_TEXT_H_
#define KEYWALK_CONFORMANCE_PROMETHEUS_TEXT_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace keywalk::conformance {

// `name{label="value",...}`; without labels the braces may be left out.
struct MetricName {
  std::string name;
  std::map<std::string, std::string> labels;
};

// Nullopt if malformed. `rest`, if given, gets what follows it.
std::optional<MetricName> ParseMetricName(std::string_view text, std::string_view* rest = nullptr);

// The sum of the page's samples of that name that have all of its labels, and maybe more; 0 if
// there is none, as of a counter that has not counted yet. Nullopt if the page is not in the
// format.
std::optional<double> SumSamples(std::string_view page, const MetricName& wanted);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_PROMETHEUS_TEXT_H_
