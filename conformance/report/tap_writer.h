// The run as TAP version 14 (https://testanything.org/tap-version-14-specification.html).
#ifndef KEYWALK_CONFORMANCE_REPORT_TAP_WRITER_H_
#define KEYWALK_CONFORMANCE_REPORT_TAP_WRITER_H_

#include <string>

#include "conformance/suite_runner.h"

namespace keywalk::conformance {

// One test point a result, in the order of the suite; what is not a plain pass has a YAML block. A
// skipped case carries the directive "skip", a known failure "todo"; an inconclusive case, a flaky
// one and an unexpected pass are not ok.
std::string FormatTap(const RunReport& report);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_TAP_WRITER_H_
