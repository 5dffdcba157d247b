// Goal: the metrics page is valid Prometheus text with the right counts. Method: lines compared.

#include "mockupstream/admin/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace keywalk::mock {
namespace {

using ::testing::HasSubstr;

JournalEntry Entry(std::string lane, int status, FaultState fault = FaultState::kNone) {
  JournalEntry entry;
  entry.lane = std::move(lane);
  entry.status = status;
  entry.fault = fault;
  entry.body_bytes = 10;
  return entry;
}

TEST(MetricsTest, CountsByLaneAndStatus) {
  Metrics metrics;
  metrics.Count(Entry("k0", 429));
  metrics.Count(Entry("k0", 429));
  metrics.Count(Entry("k1", 200));
  metrics.Count(Entry("k1", 0, FaultState::kFired));
  const std::string text = metrics.Text({7, 3});
  EXPECT_THAT(text, HasSubstr("# TYPE keywalk_mock_requests_total counter\n"
                              "keywalk_mock_requests_total{lane=\"k0\",status=\"429\"} 2\n"
                              "keywalk_mock_requests_total{lane=\"k1\",status=\"0\"} 1\n"
                              "keywalk_mock_requests_total{lane=\"k1\",status=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("keywalk_mock_faults_total{state=\"fired\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("keywalk_mock_faults_total{state=\"not_reached\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("keywalk_mock_request_body_bytes_total 40\n"));
  EXPECT_THAT(text, HasSubstr("keywalk_mock_journal_dropped_total 3\n"));
  EXPECT_THAT(text, HasSubstr("keywalk_mock_open_connections 7\n"));
}

TEST(MetricsTest, EscapesLabelValues) {
  Metrics metrics;
  metrics.Count(Entry("a\"b\\c\nd", 200));
  EXPECT_THAT(metrics.Text({}), HasSubstr(R"({lane="a\"b\\c\nd",status="200"} 1)"));
}

// As strict as a scraper may be: each family's HELP and TYPE once and before its samples, which
// stand together and are there once; every line ends.
TEST(MetricsTest, IsStrictText) {
  Metrics metrics;
  metrics.Count(Entry("k0", 429));
  metrics.Count(Entry("\\n\"", 200));
  metrics.Count(Entry("", 0));
  const std::string text = metrics.Text({});
  ASSERT_TRUE(text.ends_with('\n'));
  const std::regex sample(
      R"re(([a-z_]+)(\{[a-z_]+="([^"\\]|\\["\\n])*"(,[a-z_]+="([^"\\]|\\["\\n])*")*\})? [0-9]+)re");
  std::istringstream lines(text);
  std::set<std::string> seen;
  std::set<std::string> families;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line << " is there twice";
    std::smatch parts;
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families.insert(family).second) << line;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(line == "# TYPE " + family + " counter" || line == "# TYPE " + family + " gauge");
      EXPECT_EQ(line.ends_with("counter"), family.ends_with("_total")) << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, parts, sample)) << line;
      EXPECT_EQ(parts[1], family) << line;
    }
  }
}

}  // namespace
}  // namespace keywalk::mock
