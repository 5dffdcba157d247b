#include "mockupstream/journal/request_match.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "config/json_reader.h"
#include "mockupstream/script/json_depth.h"
#include "mockupstream/script/json_subset.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

// A longer value says no more to a reader.
constexpr std::size_t kMaxShown = 300;

// A key may stand where the text is cut: mask first.
std::string Cut(std::string text) {
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "...";
  return text;
}

// Its strings and names masked. Its depth bounds the recursion: that of what was asked for, or of a
// body that is not deep (ParseBody).
json Masked(const json& value, const TextMask& mask) {
  if (value.is_string()) return mask(value.get_ref<const std::string&>());
  if (value.is_array()) {
    json masked = json::array();
    for (const json& element : value) masked.push_back(Masked(element, mask));
    return masked;
  }
  if (!value.is_object()) return value;
  json masked = json::object();
  for (const auto& [name, member] : value.items()) masked[mask(name)] = Masked(member, mask);
  return masked;
}

std::string Quoted(std::string_view text, const TextMask& mask) {
  return mask ? "\"" + Cut(mask(text)) + "\"" : std::string();
}

// Written as JSON a key may look different: it is masked before, and after it for numbers.
std::string Dumped(const json& value, const TextMask& mask) {
  if (!mask) return {};
  return Cut(mask(Masked(value, mask).dump(-1, ' ', false, json::error_handler_t::replace)));
}

// Of a JSON pointer (RFC 6901), whose escapes may hide a key, too.
std::string MaskedPointer(std::string_view pointer, const TextMask& mask) {
  if (!mask) return {};
  std::string masked;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    std::string name;
    for (std::size_t i = 0; i < token.size(); ++i) {
      name += token[i] != '~' ? token[i] : token[++i] == '1' ? '/' : '~';
    }
    masked = config::JoinPointer(masked, mask(name));
  }
  return mask(masked);
}

void CompareText(std::string_view field, const std::optional<std::string>& expected,
                 std::string_view actual, const TextMask& mask,
                 std::vector<Difference>& differences) {
  if (!expected || *expected == actual) return;
  differences.push_back({std::string(field), Quoted(*expected, mask), Quoted(actual, mask)});
}

std::string StatusText(int status) { return status == 0 ? "none" : std::to_string(status); }

std::string StepText(std::optional<std::size_t> step) {
  return step ? std::to_string(*step) : "none";
}

// Discarded if it is none, or is nested as no request is: it is the client's, and to show a value
// takes stack for each level.
json ParseBody(const std::string& text) {
  if (IsDeepJson(text)) return json(json::value_t::discarded);
  return json::parse(text, nullptr, false);
}

void CompareHeader(const Headers::Field& expected, const Headers& actual, const TextMask& mask,
                   std::vector<Difference>& differences) {
  std::string values;
  for (const Headers::Field field : actual) {
    if (!EqualsIgnoreCase(field.name, expected.name)) continue;
    if (field.value == expected.value) return;
    values += (values.empty() ? "" : ", ") + Quoted(field.value, mask);
  }
  const std::string name = mask ? mask(expected.name) : std::string();
  differences.push_back(
      {"header " + name, Quoted(expected.value, mask), values.empty() ? "none" : values});
}

}  // namespace

ComparedEntry::ComparedEntry(const JournalEntry& entry) : entry_(&entry) {}
ComparedEntry::~ComparedEntry() = default;
ComparedEntry::ComparedEntry(ComparedEntry&&) noexcept = default;

std::vector<Difference> ComparedEntry::Compare(const ExpectedRequest& expected,
                                               const TextMask& mask) const {
  std::vector<Difference> differences;
  CompareText("scope", expected.scope, entry_->scope, mask, differences);
  CompareText("lane", expected.lane, entry_->lane, mask, differences);
  CompareText("method", expected.method, entry_->method, mask, differences);
  if (expected.path) {
    const bool whole = expected.path->find('?') != std::string::npos;
    const std::string_view target = entry_->target;
    const std::string_view actual = whole ? target : target.substr(0, target.find('?'));
    CompareText("path", expected.path, actual, mask, differences);
  }
  if (expected.status && *expected.status != entry_->status) {
    differences.push_back({"status", StatusText(*expected.status), StatusText(entry_->status)});
  }
  if (expected.step && expected.step != entry_->step) {
    differences.push_back({"step", StepText(expected.step), StepText(entry_->step)});
  }
  if (expected.fault && *expected.fault != entry_->fault) {
    differences.push_back(
        {"fault", std::string(ToString(*expected.fault)), std::string(ToString(entry_->fault))});
  }
  for (const Headers::Field field : expected.headers) {
    CompareHeader(field, entry_->headers, mask, differences);
  }
  if (expected.json) CompareJson(*expected.json, mask, differences);
  CompareText("body_sha256", expected.body_sha256, entry_->body_sha256, mask, differences);
  return differences;
}

void ComparedEntry::CompareJson(const json& expected, const TextMask& mask,
                                std::vector<Difference>& differences) const {
  const char* reason = nullptr;
  if (entry_->body_bytes == 0) {
    reason = "no body";
  } else if (entry_->body.empty()) {
    reason = "a body that was not kept (--journal-bodies)";
  } else if (entry_->body_truncated || !entry_->body_complete) {
    reason = "a body that was not kept whole (--journal-bodies)";
  } else {
    if (!body_) body_ = std::make_unique<json>(ParseBody(entry_->body));
    if (body_->is_discarded()) reason = "a body that is no JSON";
  }
  if (reason != nullptr) {
    differences.push_back({"json", Dumped(expected, mask), reason});
    return;
  }
  const auto difference = FirstDifference(expected, *body_);
  if (!difference) return;
  const std::string place =
      difference->pointer.empty() ? "" : " " + MaskedPointer(difference->pointer, mask);
  differences.push_back(
      {"json" + place, Dumped(*difference->expected, mask),
       difference->actual == nullptr ? "nothing" : Dumped(*difference->actual, mask)});
}

std::string Describe(const ExpectedRequest& expected) {
  if (expected.lane) return expected.lane->empty() ? "a request without a lane" : *expected.lane;
  if (!expected.method && !expected.path) return "a request";
  std::string text = expected.method.value_or("");
  if (expected.path) text += (text.empty() ? "" : " ") + *expected.path;
  return text;
}

std::string Describe(const JournalEntry& entry) {
  return "#" + std::to_string(entry.sequence) + ", " +
         (entry.lane.empty() ? "without a lane" : entry.lane);
}

}  // namespace keywalk::mock
