#include "mockupstream/answers/answer_template.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/model/rate_limit_headers.h"

namespace keywalk::mock {
namespace {

using nlohmann::ordered_json;
using Value = std::optional<ordered_json>;

// A stream of characters that a number fixes (splitmix64).
class IdSource {
 public:
  // Another factor than the step's, so that the ids of neighbours are no shifted copies.
  IdSource(std::uint64_t number, std::uint64_t salt)
      : state_(number * 0xD1342543DE82EF95u + salt) {}

  std::string Take(std::string_view alphabet, std::size_t size) {
    std::string id;
    for (std::size_t i = 0; i < size; ++i) id += alphabet[Next() % alphabet.size()];
    return id;
  }

 private:
  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

constexpr std::string_view kAlphanumeric =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kIdSize = 24;

std::string Hex(const TemplateFacts& facts) {
  return IdSource(facts.number, 2).Take("0123456789abcdef", 32);
}

// A version 4 UUID (RFC 9562 section 5.4).
std::string Uuid(const TemplateFacts& facts) {
  std::string uuid = IdSource(facts.number, 3).Take("0123456789abcdef", 36);
  for (const std::size_t dash : {8, 13, 18, 23}) uuid[dash] = '-';
  uuid[14] = '4';
  uuid[19] = 'a';
  return uuid;
}

std::int64_t UnixSeconds(const TemplateFacts& facts) {
  return std::chrono::duration_cast<std::chrono::seconds>(facts.now.time_since_epoch()).count();
}

std::string FormatMoment(WallMilliseconds when) { return Rfc3339Seconds(when.time_since_epoch()); }

// Rounded up, so that a client which obeys it is not early: 1500 ms are 2.
std::int64_t WholeSeconds(std::chrono::milliseconds wait) {
  return std::chrono::ceil<std::chrono::seconds>(wait).count();
}

// "20", "50.597", "0.5": seconds without needless digits.
std::string DecimalSeconds(std::chrono::milliseconds wait) {
  std::string text = std::to_string(wait.count() / 1000);
  if (wait.count() % 1000 == 0) return text;
  std::string digits = std::to_string(1000 + wait.count() % 1000).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + "." + digits;
}

// The answer's wait in one of its forms, if there is a wait.
template <typename Format>
Value Wait(const TemplateFacts& facts, Format format) {
  if (!facts.retry_after) return std::nullopt;
  return format(*facts.retry_after);
}

struct Placeholder {
  std::string_view name;
  bool in_headers;
  Value (*value)(const TemplateFacts& facts);
};

constexpr auto kPlaceholders = std::to_array<Placeholder>({
    {"model", false, [](const TemplateFacts& f) -> Value { return f.model; }},
    {"text", false, [](const TemplateFacts& f) -> Value { return f.text; }},
    {"word", false, [](const TemplateFacts& f) -> Value { return f.word; }},
    {"sequence", false, [](const TemplateFacts& f) -> Value { return f.sequence; }},
    {"method", false, [](const TemplateFacts& f) -> Value { return f.method; }},
    {"path", false, [](const TemplateFacts& f) -> Value { return f.path; }},
    {"key_hint", false,
     [](const TemplateFacts& f) -> Value { return f.key_hint.empty() ? "none" : f.key_hint; }},
    {"id", true,
     [](const TemplateFacts& f) -> Value {
       return IdSource(f.number, 1).Take(kAlphanumeric, kIdSize);
     }},
    {"hex", true, [](const TemplateFacts& f) -> Value { return Hex(f); }},
    {"uuid", true, [](const TemplateFacts& f) -> Value { return Uuid(f); }},
    {"created", true, [](const TemplateFacts& f) -> Value { return UnixSeconds(f); }},
    {"now", true, [](const TemplateFacts& f) -> Value { return FormatMoment(f.now); }},
    {"prompt_tokens", true, [](const TemplateFacts& f) -> Value { return f.prompt_tokens; }},
    {"completion_tokens", true,
     [](const TemplateFacts& f) -> Value { return f.completion_tokens; }},
    {"total_tokens", true,
     [](const TemplateFacts& f) -> Value { return f.prompt_tokens + f.completion_tokens; }},
    {"incomplete_details", false,
     [](const TemplateFacts& f) -> Value {
       return f.is_cut ? ordered_json{{"reason", "max_output_tokens"}} : ordered_json(nullptr);
     }},
    {"retry_seconds", true, [](const TemplateFacts& f) -> Value { return Wait(f, &WholeSeconds); }},
    {"retry_ms", true,
     [](const TemplateFacts& f) -> Value {
       return Wait(f, [](std::chrono::milliseconds wait) { return wait.count(); });
     }},
    {"retry_decimal", true,
     [](const TemplateFacts& f) -> Value { return Wait(f, &DecimalSeconds); }},
    {"retry_duration", true, [](const TemplateFacts& f) -> Value { return Wait(f, &GoDuration); }},
    {"retry_at", true,
     [](const TemplateFacts& f) -> Value {
       return Wait(f, [&f](std::chrono::milliseconds wait) { return FormatMoment(f.now + wait); });
     }},
});

// Which of two texts tells that the answer ended by itself, or by the limit of tokens.
constexpr std::string_view kFinish = "finish";

const Placeholder* FindPlaceholder(std::string_view name) {
  const auto* found = std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                                   [&](const Placeholder& each) { return each.name == name; });
  return found == kPlaceholders.end() ? nullptr : found;
}

// A template taken apart: the text before the next placeholder, and what that holds.
struct Part {
  std::string_view before;
  std::optional<std::string_view> inner;  // nullopt: no further placeholder
};

// Cuts the next part off the front of `rest`.
Part NextPart(std::string_view& rest) {
  const std::size_t open = rest.find("{{");
  const std::size_t close = open == std::string_view::npos ? open : rest.find("}}", open);
  if (close == std::string_view::npos) return {std::exchange(rest, {}), std::nullopt};
  const Part part{rest.substr(0, open), rest.substr(open + 2, close - open - 2)};
  rest.remove_prefix(close + 2);
  return part;
}

// "finish:stop:length": the two arguments; nullopt for anything else.
std::optional<std::pair<std::string_view, std::string_view>> FinishArguments(
    std::string_view inner) {
  if (!inner.starts_with(kFinish)) return std::nullopt;
  inner.remove_prefix(kFinish.size());
  if (!inner.starts_with(':')) return std::nullopt;
  inner.remove_prefix(1);
  const std::size_t colon = inner.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return std::pair(inner.substr(0, colon), inner.substr(colon + 1));
}

// "limit:500": the figure's place and what stands for it; nullopt for anything else.
struct Figure {
  std::optional<std::int64_t> TemplateFacts::*value;
  std::string_view otherwise;
};
std::optional<Figure> FigureOf(std::string_view inner) {
  const std::size_t colon = inner.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = inner.substr(0, colon);
  const std::string_view otherwise = inner.substr(colon + 1);
  if (name == "limit") return Figure{&TemplateFacts::limit, otherwise};
  if (name == "used") return Figure{&TemplateFacts::used, otherwise};
  if (name == "requested") return Figure{&TemplateFacts::requested, otherwise};
  return std::nullopt;
}

Value ValueOf(std::string_view inner, const TemplateFacts& facts) {
  if (const std::optional<Figure> figure = FigureOf(inner)) {
    const std::optional<std::int64_t> value = facts.*(figure->value);
    return value ? std::to_string(*value) : std::string(figure->otherwise);
  }
  if (const auto finish = FinishArguments(inner)) {
    return std::string(facts.is_cut ? finish->second : finish->first);
  }
  const Placeholder* placeholder = FindPlaceholder(inner);
  return placeholder == nullptr ? std::nullopt : placeholder->value(facts);
}

std::string AsText(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::optional<std::string> CheckTemplate(std::string_view text, TemplateUse use) {
  while (!text.empty()) {
    const Part part = NextPart(text);
    if (!part.inner) {
      if (part.before.find("{{") == std::string_view::npos) return std::nullopt;
      return "has a placeholder without an end";
    }
    if (FinishArguments(*part.inner) || FigureOf(*part.inner)) continue;
    const Placeholder* placeholder = FindPlaceholder(*part.inner);
    const std::string shown = "{{" + std::string(*part.inner) + "}}";
    if (placeholder == nullptr) return shown + " is no placeholder";
    if (use == TemplateUse::kHeader && !placeholder->in_headers) {
      return shown + " has no place in a header field";
    }
  }
  return std::nullopt;
}

bool UsesPlaceholder(std::string_view text, std::string_view name_prefix) {
  while (!text.empty()) {
    const Part part = NextPart(text);
    if (part.inner && part.inner->starts_with(name_prefix)) return true;
  }
  return false;
}

std::optional<std::string> FillText(std::string_view text, const TemplateFacts& facts) {
  std::string filled;
  while (!text.empty()) {
    const Part part = NextPart(text);
    filled += part.before;
    if (!part.inner) break;
    const Value value = ValueOf(*part.inner, facts);
    if (!value) return std::nullopt;
    filled += AsText(*value);
  }
  return filled;
}

ordered_json FillJson(const ordered_json& value, const TemplateFacts& facts) {
  if (value.is_structured()) {
    ordered_json filled = value;
    for (auto& member : filled) member = FillJson(member, facts);
    return filled;
  }
  if (!value.is_string()) return value;
  const auto& text = value.get_ref<const std::string&>();
  std::string_view rest = text;
  const Part first = NextPart(rest);
  if (first.inner && first.before.empty() && rest.empty()) {
    return ValueOf(*first.inner, facts).value_or(nullptr);
  }
  std::optional<std::string> filled = FillText(text, facts);
  return filled ? ordered_json(std::move(*filled)) : ordered_json(nullptr);
}

}  // namespace keywalk::mock
