// A JSON report read back (fixtures/schema/report.schema.json), for comparing runs and for pages.
#ifndef KEYWALK_CONFORMANCE_REPORT_REPORT_FILE_H_
#define KEYWALK_CONFORMANCE_REPORT_REPORT_FILE_H_

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/result.h"

namespace keywalk::conformance {

struct ReportResult {
  std::string id;
  std::string policy;
  std::string way;
  std::string verdict;
  std::string cause;  // its first mismatch, else the reason that is given; empty: none
  std::map<std::string, std::vector<std::string>> attempts;  // key aliases by request
};

// Plain values; concurrent reads are safe.
struct ReportFile {
  std::string source;  // where it was read
  std::string implementation;
  std::string version;
  std::string started_at;
  std::vector<ReportResult> results;
  std::shared_ptr<const nlohmann::json> document;  // the whole of it
};

// Every member that compare or the page uses has its type afterwards; an error names the file, the
// JSON pointer and the reason. A newer major is refused; members that are not known are ignored, so
// that a report of a newer minor can be read. Any verdict of the schema is known, no other.
Result<ReportFile> ParseReport(std::string_view text, const std::string& source);
Result<ReportFile> ReadReport(const std::string& path);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_REPORT_FILE_H_
