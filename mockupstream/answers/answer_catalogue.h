// The catalogue of providers' answers: the files of mockupstream/answers/, compiled in.
//
// A file is {"provider", "default_model", "headers", "answers": [...]}; an answer is
//   {"name", "also", "summary", "source", "retry_after_ms",
//    "status", "headers", "json" | "sse" | "array"}
// or, where it depends on the request, has "cases" instead of the last line, the first that fits
// being used: {"method", "path", "query", "body", then "status" and so on}.
//
// Strings in headers and contents may hold placeholders, "{{model}}" (answer_template.h). Of the
// headers, those of the file come first; a field is left out if its placeholder has no value (a
// wait that nobody gave). "sse" is a list of events {"event", "data", "each": "word",
// "if": "include_usage"}, "array" the same list as one JSON array of their data.
#ifndef KEYWALK_MOCKUPSTREAM_ANSWERS_ANSWER_CATALOGUE_H_
#define KEYWALK_MOCKUPSTREAM_ANSWERS_ANSWER_CATALOGUE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keywalk/result.h"

namespace keywalk::mock {

// A member of "sse" or "array".
struct EventTemplate {
  std::string event;                                   // empty: no event field
  std::shared_ptr<const nlohmann::ordered_json> data;  // never null
  bool each_word = false;                              // once for each word of the text
  bool only_with_usage = false;  // if the request's stream_options ask for usage
};

// Which requests an answer's case is for. Empty members fit all.
struct AnswerCondition {
  std::string method;
  // The end of the path, "models/{model}:generateContent": what comes before, a base path, is not
  // looked at. "{model}" takes what stands in its place as the model.
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  // parameters and their values
  // Members that the request's body has with these values; null: none.
  std::shared_ptr<const nlohmann::json> body;
};

struct AnswerCase {
  enum class Content : std::uint8_t { kNone, kJson, kSse, kArray };

  AnswerCondition condition;
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  Content content = Content::kNone;
  std::shared_ptr<const nlohmann::ordered_json> body;  // kJson
  std::vector<EventTemplate> events;                   // kSse, kArray
};

struct CatalogueAnswer {
  std::vector<std::string> names;  // "rate_limited": without the provider; further ones are aliases
  std::string summary;             // one line, for people
  std::string source;              // where it was seen; says "unsure" where it was not
  std::optional<std::chrono::milliseconds> retry_after;  // unless the script gives one
  std::vector<AnswerCase> cases;                         // at least one
  bool has_text = false;                                 // it says a text
  bool tells_wait = false;                               // somewhere it can say a wait
};

struct ProviderAnswers {
  std::string provider;       // "openai"
  std::string default_model;  // for a request that names none
  std::vector<CatalogueAnswer> answers;

  // By name or alias, without the provider; null if there is none.
  const CatalogueAnswer* Find(std::string_view name) const;
};

// The names that every provider has.
std::span<const std::string_view> CanonicalAnswers();

// Reads a file of the catalogue strictly: unknown members, names given twice, missing canonical
// ones, wrong placeholders and values that might be missing are errors.
Result<ProviderAnswers> ParseProviderAnswers(std::string_view text, std::string_view source);

// The built-in catalogue, in the order of mockupstream/CMakeLists.txt. Immutable, never destroyed;
// safe for concurrent use. Asserts that it can be read, which a test shows.
std::span<const ProviderAnswers> BuiltinAnswers();

// By full name, "openai.rate_limited"; a provider's name alone is its success. Nulls: there is
// none.
struct AnswerEntry {
  const ProviderAnswers* provider = nullptr;
  const CatalogueAnswer* answer = nullptr;
};
AnswerEntry FindAnswer(std::string_view name);

// All full names, aliases too, in the catalogue's order.
std::vector<std::string> AnswerNames();

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ANSWERS_ANSWER_CATALOGUE_H_
