#include "conformance/prometheus_text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "keywalk/headers.h"

namespace keywalk::conformance {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

std::string TakeName(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsNameByte);
  std::string name(text.begin(), end);
  text.remove_prefix(name.size());
  return name;
}

bool TakeByte(std::string_view& text, char byte) {
  if (!text.starts_with(byte)) return false;
  text.remove_prefix(1);
  return true;
}

// A quoted label value; `\\`, `\"` and `\n` are escapes.
bool TakeQuoted(std::string_view& text, std::string& value) {
  if (!TakeByte(text, '"')) return false;
  while (!text.empty() && text.front() != '"') {
    const bool escaped = TakeByte(text, '\\');
    if (text.empty()) return false;
    value += escaped && text.front() == 'n' ? '\n' : text.front();
    text.remove_prefix(1);
  }
  return TakeByte(text, '"');
}

bool TakeLabels(std::string_view& text, std::map<std::string, std::string>& labels) {
  while (!TakeByte(text, '}')) {
    const std::string name = TakeName(text);
    if (name.empty() || !TakeByte(text, '=') || !TakeQuoted(text, labels[name])) return false;
    TakeByte(text, ',');
  }
  return true;
}

// What follows the name: a number, and maybe a time.
std::optional<double> ParseValue(std::string_view text) {
  text = TrimWhitespace(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<MetricName> ParseMetricName(std::string_view text, std::string_view* rest) {
  MetricName metric;
  metric.name = TakeName(text);
  if (metric.name.empty()) return std::nullopt;
  if (TakeByte(text, '{') && !TakeLabels(text, metric.labels)) return std::nullopt;
  if (rest != nullptr) *rest = text;
  return metric;
}

std::optional<double> SumSamples(std::string_view page, const MetricName& wanted) {
  double sum = 0;
  while (!page.empty()) {
    const std::size_t end = std::min(page.find('\n'), page.size());
    const std::string_view line = TrimWhitespace(page.substr(0, end));
    page.remove_prefix(std::min(end + 1, page.size()));
    if (line.empty() || line.starts_with('#')) continue;
    std::string_view rest;
    const std::optional<MetricName> sample = ParseMetricName(line, &rest);
    if (!sample) return std::nullopt;
    const bool has_all = std::ranges::all_of(wanted.labels, [&](const auto& label) {
      const auto found = sample->labels.find(label.first);
      return found != sample->labels.end() && found->second == label.second;
    });
    if (sample->name != wanted.name || !has_all) continue;
    const std::optional<double> value = ParseValue(rest);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum;
}

}  // namespace keywalk::conformance
