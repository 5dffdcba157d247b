#include "sim/report/terminal_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace keywalk::sim {
namespace {

constexpr std::size_t kMostKeysShown = 20;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kNothing = "-";

// Rows of cells; the first column is aligned left, others right.
using Cells = std::vector<std::vector<std::string>>;

// Columns on a terminal: of UTF-8 all but continuation bytes.
std::size_t ColumnsOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Aligned(const Cells& rows, std::string_view indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], ColumnsOf(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - ColumnsOf(row[i]), ' ');
      if (i > 0) line += kGap;
      line += i == 0 ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string Decimal(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

// Two digits of the margin, or three to four of a value without one.
int DecimalsFor(double value, double margin, int most) {
  const double told = margin > 0 ? margin : std::abs(value) / 100;
  if (told <= 0) return 0;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(told))), 0, most);
}

std::size_t SeedsOf(const Report& report) {
  std::size_t most = 0;
  for (const PolicyRuns& policy : report.policies) most = std::max(most, policy.runs.size());
  return most;
}

std::string SpanOf(mock::Milliseconds duration) {
  struct Size {
    double ms;
    const char* name;
  };
  constexpr std::array<Size, 4> kSizes{
      {{86'400'000, "days"}, {3'600'000, "hours"}, {60'000, "minutes"}, {1000, "seconds"}}};
  const auto ms = static_cast<double>(duration.count());
  for (const Size& size : kSizes) {
    if (ms < 2 * size.ms) continue;
    const double value = ms / size.ms;
    return Decimal(value, value == std::floor(value) ? 0 : 1) + " " + size.name;
  }
  return Decimal(ms, 0) + " ms";
}

std::string Heading(const Report& report) {
  const std::size_t seeds = SeedsOf(report);
  std::string text = report.world.name + ": " + SpanOf(report.world.duration) + ", " +
                     std::to_string(report.world.keys.size()) + " keys, ";
  text += seeds == 1 ? "one seed" : std::to_string(seeds) + " seeds";
  if (report.driver != "core") text += ", " + report.driver;
  if (seeds > 1) text += "; mean and 95 % confidence interval";
  return text + "\n";
}

std::string Cell(const std::optional<Estimate>& estimate, Unit unit, std::size_t runs) {
  if (!estimate) return std::string(kNothing);
  std::string text = FormatEstimate(*estimate, unit);
  // Where not every seed has the figure.
  if (estimate->seeds < runs) text += " (" + std::to_string(estimate->seeds) + " seeds)";
  return text;
}

// A row is worth a line if a policy has the figure, and it is not an error that none made.
bool IsShown(const Metric& metric, std::span<const std::optional<Estimate>> estimates) {
  const bool any = std::any_of(estimates.begin(), estimates.end(),
                               [](const auto& estimate) { return estimate.has_value(); });
  const bool any_above_zero =
      std::any_of(estimates.begin(), estimates.end(),
                  [](const auto& estimate) { return estimate && estimate->mean != 0; });
  return any && (metric.better != Better::kLower || any_above_zero);
}

// One row more than there are metrics: the policies' names.
Cells MetricCells(const Report& report) {
  Cells rows = {{""}};
  for (const PolicyRuns& policy : report.policies) rows.front().push_back(policy.name);
  for (const Metric& metric : Metrics()) {
    std::vector<std::optional<Estimate>> estimates;
    for (const PolicyRuns& policy : report.policies) {
      estimates.push_back(EstimateOf(metric, policy.runs));
    }
    if (!IsShown(metric, estimates)) continue;
    std::vector<std::string> row = {std::string(metric.title)};
    for (std::size_t i = 0; i < estimates.size(); ++i) {
      row.push_back(Cell(estimates[i], metric.unit, report.policies[i].runs.size()));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// Tables of as many columns as fit, one below the other.
std::string Wrapped(const Cells& rows, std::size_t width) {
  const auto widest = [&](std::size_t column) {
    std::size_t columns = 0;
    for (const auto& row : rows) columns = std::max(columns, ColumnsOf(row[column]));
    return columns;
  };
  const std::size_t all = rows.front().size();
  const std::size_t titles = widest(0);
  std::string text;
  for (std::size_t first = 1; first < all;) {
    std::size_t end = first;
    std::size_t used = titles;
    do {
      used += kGap.size() + widest(end++);
    } while (end < all && used + kGap.size() + widest(end) <= width);
    Cells part;
    for (const auto& row : rows) {
      part.push_back({row.front()});
      part.back().insert(part.back().end(), row.begin() + static_cast<std::ptrdiff_t>(first),
                         row.begin() + static_cast<std::ptrdiff_t>(end));
    }
    text += "\n" + Aligned(part, "");
    first = end;
  }
  return text;
}

std::string KeyTable(const Report& report, const PolicyRuns& policy) {
  Cells rows = {{policy.name}};
  for (const KeyMetric& metric : KeyMetrics()) rows.front().emplace_back(metric.title);
  const std::size_t keys = report.world.keys.size();
  for (std::size_t key = 0; key < std::min(keys, kMostKeysShown); ++key) {
    std::vector<std::string> row = {report.world.keys[key].name};
    for (const KeyMetric& metric : KeyMetrics()) {
      const std::optional<Estimate> estimate = EstimateOf(metric, key, policy.runs);
      row.push_back(Cell(estimate, metric.unit, policy.runs.size()));
    }
    rows.push_back(std::move(row));
  }
  std::string text = "\n" + Aligned(rows, "");
  if (keys > kMostKeysShown) {
    text += "and " + std::to_string(keys - kMostKeysShown) + " keys more, in the JSON\n";
  }
  return text;
}

// By which a single run can be told from another; of many, the JSON has each.
std::string TraceLine(const Report& report) {
  std::string line;
  for (const PolicyRuns& policy : report.policies) {
    if (policy.runs.size() != 1) return "";
    line += (line.empty() ? "\ntrace: " : ", ") + policy.name + " " + policy.runs[0].trace;
  }
  return line + "\n";
}

}  // namespace

std::string FormatEstimate(const Estimate& estimate, Unit unit) {
  const double scale = unit == Unit::kShare ? 100 : 1;
  const double value = estimate.mean * scale;
  // What is left of rounding where all seeds agree is no margin.
  const bool agree = !estimate.margin || *estimate.margin <= 1e-9 * std::abs(estimate.mean);
  const double margin = agree ? 0 : *estimate.margin * scale;
  const int decimals = DecimalsFor(value, margin, unit == Unit::kShare ? 4 : 3);
  std::string text = Decimal(value, decimals);
  if (!agree) text += " ±" + Decimal(margin, decimals);
  if (unit == Unit::kShare) return text + " %";
  if (unit == Unit::kNumber) return text;
  return text + " " + std::string(ToString(unit));
}

std::string FormatTable(const Report& report, std::size_t width) {
  std::string text = Heading(report) + Wrapped(MetricCells(report), width);
  for (const PolicyRuns& policy : report.policies) text += KeyTable(report, policy);
  return text + TraceLine(report);
}

}  // namespace keywalk::sim
