// Placeholders in the catalogue of answers: "{{model}}" stands for the model asked for.
//   placeholder = "{{" name *( ":" argument ) "}}"      for example "{{finish:stop:length}}"
// "{{limit:500}}", "{{used:500}}" and "{{requested:1}}" are figures, with those that stand for them
// where none are known; always text.
//
// A JSON string that is one placeholder becomes the value itself, a number for example; anywhere
// else the value is written as text. All functions are pure and safe for concurrent use.
#ifndef KEYWALK_MOCKUPSTREAM_ANSWERS_ANSWER_TEMPLATE_H_
#define KEYWALK_MOCKUPSTREAM_ANSWERS_ANSWER_TEMPLATE_H_

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace keywalk::mock {

// In milliseconds, so that a wait of many years can be added: the system clock's own unit ends
// after 292.
using WallMilliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

// What placeholders stand for.
struct TemplateFacts {
  std::string model;
  std::string text;           // of the answer, as far as the request's limit of tokens lets it go
  bool is_cut = false;        // it went no further
  std::string word;           // of the event: a piece of the text
  std::int64_t sequence = 0;  // of the event, from 0
  std::string_view method;
  std::string_view path;
  std::string_view key_hint;
  std::uint64_t number = 0;  // ids are made of it
  WallMilliseconds now;
  std::optional<std::chrono::milliseconds> retry_after;
  // Of the limit that refused the request, where one did.
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> used;
  std::optional<std::int64_t> requested;
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
};

// Where a template stands: what a client or a script says must not get into a header field.
enum class TemplateUse : std::uint8_t { kContent, kHeader };

// What is wrong with a template, if anything.
std::optional<std::string> CheckTemplate(std::string_view text, TemplateUse use);

// True if it has a placeholder whose name begins so. REQUIRES: CheckTemplate() finds nothing.
bool UsesPlaceholder(std::string_view text, std::string_view name_prefix);

// The text with its placeholders replaced; nullopt if one of them has no value, which only the
// retry_ ones may lack. REQUIRES: CheckTemplate() finds nothing.
std::optional<std::string> FillText(std::string_view text, const TemplateFacts& facts);

// Every string of a JSON value likewise (names of members are left as they are); a string whose
// placeholder has no value becomes null.
nlohmann::ordered_json FillJson(const nlohmann::ordered_json& value, const TemplateFacts& facts);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ANSWERS_ANSWER_TEMPLATE_H_
