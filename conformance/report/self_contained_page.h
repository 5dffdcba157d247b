// An HTML page that needs nothing beside it: no network, no server, no other file.
#ifndef KEYWALK_CONFORMANCE_REPORT_SELF_CONTAINED_PAGE_H_
#define KEYWALK_CONFORMANCE_REPORT_SELF_CONTAINED_PAGE_H_

#include <span>
#include <string>
#include <string_view>

namespace keywalk::conformance {

// A part of a page, compiled in by CMake's keywalk_embed_files().
struct PageFile {
  std::string_view name;  // such as "page.css"
  std::string_view text;
};

// Of the files one is "page.html", in which `@@TITLE@@`, `@@STYLE@@`, `@@SCRIPT@@`, `@@DATA@@`,
// `@@STYLE_SOURCE@@` and `@@SCRIPT_SOURCE@@` stand for what is put in; those that end in ".css" and
// in ".js" are joined in their order. `data_json` is embedded so that it cannot end its element,
// and the page's Content-Security-Policy names its own style and script by their digests, so that
// nothing else in it is ever run.
std::string FormatPage(std::span<const PageFile> files, std::string_view title,
                       std::string_view data_json);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_SELF_CONTAINED_PAGE_H_
