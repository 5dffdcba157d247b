#include "conformance/report/junit_writer.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <map>
#include <vector>

#include "conformance/report/xml_text.h"

namespace keywalk::conformance {
namespace {

std::string JunitSeconds(std::chrono::nanoseconds duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", std::chrono::duration<double>(duration).count());
  return text.data();
}

std::string JunitDetails(const CaseResult& result) {
  std::string text;
  for (const Mismatch& mismatch : result.mismatches) {
    text +=
        mismatch.where + ": expected " + mismatch.expected + ", actual " + mismatch.actual + "\n";
  }
  text += "fixture " + result.file + result.pointer + "\n";
  return text;
}

// `name` is failure or error.
std::string Element(const std::string& name, const CaseResult& result, std::string_view message) {
  return "      <" + name + " type=\"" + std::string(ToString(result.verdict)) + "\" message=\"" +
         EscapeXml(message) + "\">" + EscapeXml(JunitDetails(result)) + "</" + name + ">\n";
}

// Some schemas allow it no attribute; readers take its text.
std::string SkippedElement(std::string_view reason) {
  return "      <skipped>" + EscapeXml(reason) + "</skipped>\n";
}

std::string FormatCase(const CaseResult& result) {
  std::string name = result.id;
  if (!result.policy.empty()) name += " [" + result.policy + "]";
  name += " by " + std::string(ToString(result.way));
  std::string text = "    <testcase classname=\"" + EscapeXml(result.area) + "\" name=\"" +
                     EscapeXml(name) + "\" time=\"" + JunitSeconds(result.duration) + "\">\n";
  switch (result.verdict) {
    case Verdict::kPass:
      break;
    case Verdict::kFail:
      text += Element("failure", result, result.title);
      break;
    case Verdict::kInconclusive:
    case Verdict::kFlaky:
    case Verdict::kUnexpectedPass:
      text +=
          Element("failure", result, std::string(ToString(result.verdict)) + ": " + result.reason);
      break;
    case Verdict::kKnownFailing:
      text += SkippedElement("known-failing: " + result.reason);
      break;
    case Verdict::kSkipped:
      text += SkippedElement(result.reason);
      break;
    case Verdict::kError:
      text += Element("error", result, result.reason);
      break;
  }
  return text + "    </testcase>\n";
}

// The counts that JUnit readers look for.
struct Totals {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  std::chrono::nanoseconds duration{};

  void Add(const CaseResult& result) {
    ++tests;
    failures += IsBad(result.verdict) && result.verdict != Verdict::kError;
    errors += result.verdict == Verdict::kError;
    skipped += result.verdict == Verdict::kSkipped || result.verdict == Verdict::kKnownFailing;
    duration += result.duration;
  }
  // Those of the whole: schemas know no `skipped` there.
  std::string Attributes() const {
    return "tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
           "\" errors=\"" + std::to_string(errors) + "\" time=\"" + JunitSeconds(duration) + "\"";
  }
  std::string SuiteAttributes() const {
    return Attributes() + " skipped=\"" + std::to_string(skipped) + "\"";
  }
};

}  // namespace

std::string FormatJunit(const RunReport& report) {
  std::vector<std::string> areas;
  std::map<std::string, Totals> totals;
  std::map<std::string, std::string> cases;
  Totals all;
  for (const CaseResult& result : report.results) {
    if (totals.find(result.area) == totals.end()) areas.push_back(result.area);
    totals[result.area].Add(result);
    all.Add(result);
    cases[result.area] += FormatCase(result);
  }
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" +
                     EscapeXml("keywalk-conform " + report.identity.name) + "\" " +
                     all.Attributes() + ">\n";
  for (const std::string& area : areas) {
    text += "  <testsuite name=\"" + EscapeXml(area) + "\" " + totals[area].SuiteAttributes() +
            ">\n" + cases[area] + "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace keywalk::conformance
