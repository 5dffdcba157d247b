// Goal: a number is found on any page in Prometheus' format, and none is made up. Method: pages as
// exporters write them, and broken ones.
#include "conformance/prometheus_text.h"

#include <gtest/gtest.h>

namespace keywalk::conformance {
namespace {

constexpr const char* kPage =
    "# HELP keys Keys by state\n"
    "# TYPE keys gauge\n"
    "keys{provider=\"openai\",state=\"valid\"} 2\n"
    "keys{state=\"valid\",provider=\"anthropic\"} 3 1767225600000\n"
    "keys{provider=\"openai\",state=\"temporary\"} 1\n"
    "\n"
    "keys_total 7.5\r\n"
    "odd{text=\"a \\\"quoted\\\" }, \\\\ and \\n\",} 1e3\n";

std::optional<double> Sum(const std::string& name, std::string_view page = kPage) {
  const std::optional<MetricName> metric = ParseMetricName(name);
  if (!metric) return std::nullopt;
  return SumSamples(page, *metric);
}

TEST(PrometheusTextTest, ASampleIsFoundWhateverTheOrderOfItsLabels) {
  EXPECT_EQ(Sum(R"(keys{provider="openai",state="valid"})"), 2);
  EXPECT_EQ(Sum(R"(keys{provider="anthropic",state="valid"})"), 3);
}

TEST(PrometheusTextTest, SamplesWithMoreLabelsAreAddedUp) {
  EXPECT_EQ(Sum(R"(keys{state="valid"})"), 5);
  EXPECT_EQ(Sum("keys"), 6);
}

TEST(PrometheusTextTest, AnotherNameIsNotThatName) { EXPECT_EQ(Sum("keys_total"), 7.5); }

TEST(PrometheusTextTest, WhatIsNotThereHasNotCountedYet) {
  EXPECT_EQ(Sum(R"(keys{state="permanent"})"), 0);
  EXPECT_EQ(Sum("other"), 0);
}

TEST(PrometheusTextTest, EscapesInALabelAreUnderstood) {
  EXPECT_EQ(Sum(R"(odd{text="a \"quoted\" }, \\ and \n"})"), 1000);
}

TEST(PrometheusTextTest, APageOfAnotherFormatIsNone) {
  EXPECT_EQ(Sum("keys", "<html>keys</html>\n"), std::nullopt);
  EXPECT_EQ(Sum("keys", "keys{state=\"valid} 2\n"), std::nullopt);
  EXPECT_EQ(Sum("keys", "keys many\n"), std::nullopt);
}

TEST(PrometheusTextTest, ANameThatIsNoneIsRefused) {
  EXPECT_FALSE(ParseMetricName(""));
  EXPECT_FALSE(ParseMetricName("{state=\"valid\"}"));
  EXPECT_FALSE(ParseMetricName("keys{state=valid}"));
}

}  // namespace
}  // namespace keywalk::conformance
