// The parts of the HTML report, compiled in by CMake from page/: page.html, page.css and scripts.
#ifndef KEYWALK_CONFORMANCE_REPORT_PAGE_FILES_H_
#define KEYWALK_CONFORMANCE_REPORT_PAGE_FILES_H_

#include <span>

#include "conformance/report/self_contained_page.h"

namespace keywalk::conformance {

// The scripts in the order in which they are to be read.
std::span<const PageFile> PageFiles() noexcept;

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_PAGE_FILES_H_
