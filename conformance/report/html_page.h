// Reports as one HTML page that needs nothing beside it: no network, no server, no other file.
#ifndef KEYWALK_CONFORMANCE_REPORT_HTML_PAGE_H_
#define KEYWALK_CONFORMANCE_REPORT_HTML_PAGE_H_

#include <string>
#include <vector>

#include "conformance/report/report_file.h"

namespace keywalk::conformance {

// A matrix of cases and of implementations with their policies. The reports are embedded as data
// that cannot end their element, and the page's Content-Security-Policy names its own style and
// script by their digests, so that nothing else in it is ever run.
std::string FormatHtml(const std::vector<ReportFile>& reports);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_HTML_PAGE_H_
