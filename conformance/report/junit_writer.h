// The run as JUnit XML, for continuous integration.
#ifndef KEYWALK_CONFORMANCE_REPORT_JUNIT_WRITER_H_
#define KEYWALK_CONFORMANCE_REPORT_JUNIT_WRITER_H_

#include <string>
#include <string_view>

#include "conformance/suite_runner.h"

namespace keywalk::conformance {

// One suite an area, one test case a result. Whatever makes the run fail is a failure or an error;
// a known failure counts as skipped.
std::string FormatJunit(const RunReport& report);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_JUNIT_WRITER_H_
