// The parts of the HTML report, compiled in by CMake from page/: page.html, page.css and scripts.
#ifndef KEYWALK_CONFORMANCE_REPORT_PAGE_FILES_H_
#define KEYWALK_CONFORMANCE_REPORT_PAGE_FILES_H_

#include <span>
#include <string_view>

namespace keywalk::conformance {

struct PageFile {
  std::string_view name;  // such as "page.css"
  std::string_view text;
};

// The scripts in the order in which they are to be read.
std::span<const PageFile> PageFiles() noexcept;

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_PAGE_FILES_H_
