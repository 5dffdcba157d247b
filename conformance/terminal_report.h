// The run for a person at a terminal: progress, a table by area, failures that can be acted on.
#ifndef KEYWALK_CONFORMANCE_TERMINAL_REPORT_H_
#define KEYWALK_CONFORMANCE_TERMINAL_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "conformance/clause_ledger.h"
#include "conformance/fixture_loader.h"
#include "conformance/suite_runner.h"

namespace keywalk::conformance {

// Whose timelines are shown; only cases over sockets have one.
enum class ShownTimelines : std::uint8_t { kNone, kOfFailures, kAll };

// The whole report as text.
std::string FormatReport(const Suite& suite, const RunReport& report, ShownTimelines timelines);

// The command that repeats one result; `command` is that of its run's report.
std::string RepeatCommand(const std::string& command, const CaseResult& result);

// A line on standard output that is overwritten with each result; nothing unless that is a
// terminal. Not safe for concurrent use.
class ProgressLine {
 public:
  ProgressLine();
  void Show(const CaseResult& result, std::size_t total);
  // Removes the line.
  void Clear();

 private:
  const bool on_terminal_;
  std::size_t count_ = 0;
  std::size_t bad_ = 0;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_TERMINAL_REPORT_H_
