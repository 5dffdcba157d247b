// The run as JSON: fixtures/schema/report.schema.json, for programs and for comparing runs.
#ifndef KEYWALK_CONFORMANCE_JSON_REPORT_H_
#define KEYWALK_CONFORMANCE_JSON_REPORT_H_

#include <chrono>
#include <string>

#include "conformance/fixture_loader.h"
#include "conformance/suite_runner.h"

namespace keywalk::conformance {

// `started_at` is the civil time at which the run began; `command` this run's command line.
std::string FormatJson(const Suite& suite, const RunReport& report,
                       std::chrono::system_clock::time_point started_at,
                       const std::string& command);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_JSON_REPORT_H_
