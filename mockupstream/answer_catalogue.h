// The catalogue of providers' answers: the files of mockupstream/answers/, compiled in.
//
// A file is {"provider", "default_model", "answers": [...]}; an answer is
//   {"name", "summary", "status", "headers", "json" | "sse" | "array", "retry_after_ms", "source"}
// or, where the answer depends on the request, {"name", "summary", "source", "cases": [...]} whose
// first case that fits is used: {"method", "path", "query", "stream", then as above}.
//
// Strings in headers and contents may hold placeholders, "{{model}}" (answer_template.h). Of a
// header a field whose placeholder has no value (a wait that nobody gave) is left out.
// "sse" is a list of events {"event", "data", "each": "word", "if": "include_usage"}, "array" the
// same list as one JSON array of the data.
#ifndef KEYWALK_MOCKUPSTREAM_ANSWER_CATALOGUE_H_
#define KEYWALK_MOCKUPSTREAM_ANSWER_CATALOGUE_H_

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
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
  std::string event;  // empty: no event field
  nlohmann::json data;
  bool each_word = false;        // once for each word of the text
  bool only_with_usage = false;  // if the request's stream_options ask for usage
};

// Which requests an answer's case is for. Empty members fit all.
struct AnswerCondition {
  std::string method;
  // Segments that the path ends with, "models/{model}:generateContent": what comes before, a base
  // path, is not looked at. "{model}" takes what stands there as the model.
  std::vector<std::string> path;
  std::pair<std::string, std::string> query;  // name and value of a parameter
  std::optional<bool> stream;                 // the request's "stream"
};

struct AnswerCase {
  enum class Content : std::uint8_t { kNone, kJson, kSse, kArray };

  AnswerCondition condition;
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  Content content = Content::kNone;
  nlohmann::json body;                // kJson
  std::vector<EventTemplate> events;  // kSse, kArray
};

struct CatalogueAnswer {
  std::string name;     // "openai.rate_limited"
  std::string summary;  // one line, for people
  std::string source;   // where it was seen; says "unsure" where it was not
  std::optional<std::chrono::milliseconds> retry_after;  // unless the script gives one
  std::vector<AnswerCase> cases;                         // at least one
};

struct ProviderAnswers {
  std::string provider;       // "openai"
  std::string default_model;  // for a request that names none
  std::vector<CatalogueAnswer> answers;

  // By what follows the dot; null if there is none.
  const CatalogueAnswer* Find(std::string_view short_name) const;
};

// Reads a file of the catalogue strictly: names, placeholders and combinations too, and that every
// answer is there which all providers have.
Result<ProviderAnswers> ParseProviderAnswers(std::string_view text, std::string_view source);

// The built-in catalogue, in the order of mockupstream/CMakeLists.txt. Immutable, never destroyed;
// safe for concurrent use. Asserts that it can be read, which a test shows.
std::span<const ProviderAnswers> BuiltinAnswers();

// By full name; nulls if there is none.
struct AnswerEntry {
  const ProviderAnswers* provider = nullptr;
  const CatalogueAnswer* answer = nullptr;
};
AnswerEntry FindAnswer(std::string_view name);

// All names, in the catalogue's order.
std::vector<std::string_view> AnswerNames();

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ANSWER_CATALOGUE_H_
