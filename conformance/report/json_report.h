// The run as JSON: fixtures/schema/report.schema.json, for programs and for comparing runs.
#ifndef KEYWALK_CONFORMANCE_REPORT_JSON_REPORT_H_
#define KEYWALK_CONFORMANCE_REPORT_JSON_REPORT_H_

#include <string>

#include "conformance/fixture_loader.h"
#include "conformance/suite_runner.h"

namespace keywalk::conformance {

std::string FormatJson(const Suite& suite, const RunReport& report);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_JSON_REPORT_H_
