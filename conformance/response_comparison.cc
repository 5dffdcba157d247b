#include "conformance/response_comparison.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace keywalk::conformance {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxShown = 300;

// A body as a report can show it: bounded, and only if it is text.
std::string Shown(std::string_view body) {
  const bool is_text = std::all_of(body.begin(), body.end(), [](unsigned char c) {
    return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t';
  });
  if (!is_text || body.size() > kMaxShown) return std::to_string(body.size()) + " bytes";
  return std::string(body);
}

std::vector<std::string> Values(const Headers& headers, std::string_view name) {
  std::vector<std::string> values;
  for (const Headers::Field field : headers) {
    if (EqualsIgnoreCase(field.name, name)) values.emplace_back(field.value);
  }
  return values;
}

std::string DescribeValues(const std::vector<std::string>& values) {
  if (values.empty()) return "(absent)";
  std::string text;
  for (const std::string& value : values) {
    if (!text.empty()) text += " | ";
    text += value;
  }
  return text;
}

// The first place where two byte sequences part.
std::string Difference(std::string_view expected, std::string_view actual) {
  const auto parted = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  return Shown(actual) + ", different from byte " + std::to_string(parted.second - actual.begin());
}

// A message up to its first '(', without the space before it.
std::string_view BeforeParenthesis(std::string_view text) {
  return TrimWhitespace(text.substr(0, text.find('(')));
}

std::string DescribeEvents(const std::vector<mock::SseEvent>& events) {
  std::string text = std::to_string(events.size()) + " events:";
  for (const mock::SseEvent& event : events) {
    text += " [" + event.event + (event.event.empty() ? "" : " ") + event.data + "]";
  }
  return Shown(text);
}

bool SameEvents(const std::vector<mock::SseEvent>& a, const std::vector<mock::SseEvent>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const mock::SseEvent& left, const mock::SseEvent& right) {
                      return left.event == right.event && left.data == right.data;
                    });
}

void CompareContent(const ExpectedContent& expected, std::string_view body,
                    const std::string& where, std::vector<Mismatch>& mismatches) {
  if (expected.bytes && *expected.bytes != body) {
    mismatches.push_back({where, Shown(*expected.bytes), Difference(*expected.bytes, body)});
  }
  if (expected.json || expected.json_includes) {
    const json actual = json::parse(body, nullptr, false);
    const bool matches =
        expected.json ? actual == *expected.json : Includes(actual, *expected.json_includes);
    if (actual.is_discarded() || !matches) {
      const json& wanted = expected.json ? *expected.json : *expected.json_includes;
      mismatches.push_back(
          {where, (expected.json ? "" : "includes ") + wanted.dump(), Shown(body)});
    }
  }
  if (expected.sse) {
    const std::vector<mock::SseEvent> events = ParseEvents(body);
    if (!SameEvents(*expected.sse, events)) {
      mismatches.push_back({where, DescribeEvents(*expected.sse), DescribeEvents(events)});
    }
  }
}

}  // namespace

bool Includes(const json& actual, const json& part) {
  if (part.is_object()) {
    if (!actual.is_object()) return false;
    return std::all_of(part.items().begin(), part.items().end(), [&](const auto& member) {
      const auto found = actual.find(member.key());
      if (found == actual.end()) return false;
      if (member.key() == "message" && member.value().is_string() && found->is_string()) {
        return BeforeParenthesis(member.value().template get_ref<const std::string&>()) ==
               BeforeParenthesis(found->template get_ref<const std::string&>());
      }
      return Includes(*found, member.value());
    });
  }
  if (part.is_array()) {
    return actual.is_array() &&
           std::equal(actual.begin(), actual.end(), part.begin(), part.end(),
                      [](const json& a, const json& b) { return Includes(a, b); });
  }
  return actual == part;
}

void CompareHeaders(const Headers& expected, const std::vector<std::string>& absent,
                    const Headers& actual, std::string_view where,
                    std::vector<Mismatch>& mismatches) {
  std::vector<std::string> seen;
  for (const Headers::Field field : expected) {
    const bool again = std::any_of(seen.begin(), seen.end(), [&](const std::string& name) {
      return EqualsIgnoreCase(name, field.name);
    });
    if (again) continue;
    seen.emplace_back(field.name);
    const std::vector<std::string> wanted = Values(expected, field.name);
    const std::vector<std::string> found = Values(actual, field.name);
    if (wanted != found) {
      mismatches.push_back({std::string(where) + " header " + std::string(field.name),
                            DescribeValues(wanted), DescribeValues(found)});
    }
  }
  for (const std::string& name : absent) {
    const std::vector<std::string> found = Values(actual, name);
    if (!found.empty()) {
      mismatches.push_back(
          {std::string(where) + " header " + name, "(absent)", DescribeValues(found)});
    }
  }
}

void CompareResponse(const ExpectedResponse& expected, const ReceivedResponse& received,
                     std::string_view where, std::vector<Mismatch>& mismatches) {
  const std::string response = std::string(where) + " response";
  if (expected.status && *expected.status != received.status) {
    mismatches.push_back(
        {response + " status", std::to_string(*expected.status), std::to_string(received.status)});
  }
  CompareHeaders(expected.headers, expected.absent_headers, received.headers, response, mismatches);
  CompareHeaders(expected.trailers, {}, received.trailers, response + " trailers", mismatches);
  CompareContent(expected.content, received.body, response + " body", mismatches);
  if (expected.incomplete == received.complete) {
    mismatches.push_back({response, expected.incomplete ? "ends early" : "complete",
                          received.complete ? "complete" : "ends early"});
  }
}

std::vector<mock::SseEvent> ParseEvents(std::string_view body) {
  std::vector<mock::SseEvent> events;
  mock::SseEvent event;
  bool has_data = false;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (has_data) events.push_back(event);
      event = mock::SseEvent();
      has_data = false;
      continue;
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view field = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") event.event = value;
    if (field == "data") {
      if (has_data) event.data += '\n';
      event.data += value;
      has_data = true;
    }
  }
  return events;
}

}  // namespace keywalk::conformance
