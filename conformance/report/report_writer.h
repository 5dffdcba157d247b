// The reports of a run that were asked for: checked before it, written after it.
#ifndef KEYWALK_CONFORMANCE_REPORT_REPORT_WRITER_H_
#define KEYWALK_CONFORMANCE_REPORT_REPORT_WRITER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "conformance/fixture_loader.h"
#include "conformance/report/output_file.h"
#include "conformance/suite_runner.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

enum class ReportKind : std::uint8_t { kJson, kJunit, kTap, kHtml, kBadge };

class ReportWriter {
 public:
  // `paths`: where each kind goes; an empty path: nowhere. Fails if one cannot be written, or two
  // are the same file.
  static Result<ReportWriter> Claim(const std::map<ReportKind, std::string>& paths);

  std::optional<Error> Write(const Suite& suite, const RunReport& report) const;

 private:
  explicit ReportWriter(std::map<ReportKind, OutputFile> files) : files_(std::move(files)) {}

  std::map<ReportKind, OutputFile> files_;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_REPORT_WRITER_H_
