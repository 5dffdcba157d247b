// The run as a badge: the JSON that https://shields.io/badges/endpoint-badge reads.
#ifndef KEYWALK_CONFORMANCE_REPORT_BADGE_H_
#define KEYWALK_CONFORMANCE_REPORT_BADGE_H_

#include <string>

#include "conformance/fixture_loader.h"
#include "conformance/suite_runner.h"

namespace keywalk::conformance {

// Says how many of the clauses that cases can show, and that the implementation has to meet or
// declares, were proven: "61 of 61 clauses". Its colour is red if a clause failed.
std::string FormatBadge(const Suite& suite, const RunReport& report);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_BADGE_H_
