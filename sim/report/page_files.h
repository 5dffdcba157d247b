// The parts of a report's HTML page, compiled in by CMake from page/.
#ifndef KEYWALK_SIM_REPORT_PAGE_FILES_H_
#define KEYWALK_SIM_REPORT_PAGE_FILES_H_

#include <span>

#include "conformance/report/self_contained_page.h"

namespace keywalk::sim {

using conformance::PageFile;

// The scripts in the order in which they are to be read.
std::span<const PageFile> ReportPageFiles() noexcept;

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_PAGE_FILES_H_
