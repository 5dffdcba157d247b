// Answers as the providers give them: rendered from the catalogue (answer_catalogue.h) for one
// request.
#ifndef KEYWALK_MOCKUPSTREAM_ANSWERS_PROVIDER_ANSWERS_H_
#define KEYWALK_MOCKUPSTREAM_ANSWERS_PROVIDER_ANSWERS_H_

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "config/json_reader.h"
#include "mockupstream/answers/answer_template.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

// Which answer, and what is said of it; a plain value. What is left out is the catalogue's.
struct AnswerSpec {
  std::string name;  // "openai.rate_limited": a name of the catalogue
  // The wait that the answer tells, in the provider's own places and units.
  std::optional<std::chrono::milliseconds> retry_after;
  std::optional<std::string> text;  // of a success
  std::string model;                // empty: the one that the request asks for
};

// The limit that refused a request, for answers that tell it: "Limit 3, Used 3, Requested 1".
struct LimitFigures {
  std::int64_t limit = 0;
  std::int64_t used = 0;
  std::int64_t requested = 0;
};

// What an answer depends on. A view: everything outlives the call it is given to.
struct AnswerRequest {
  std::string_view method;
  std::string_view target;               // path and query, as received
  const nlohmann::json* body = nullptr;  // null: none, or not JSON
  std::string_view key_hint;             // the masked key, which some providers echo; may be empty
  std::uint64_t number = 0;              // another one for each request: ids are made of it
  WallMilliseconds now;
  std::optional<LimitFigures> limit;  // nullopt: the catalogue's figures
};

// A concrete step: status, headers, and body or event stream; everything else is default. A success
// for a path (or method) that the provider does not have is its 404. The same arguments give the
// same step. Safe for concurrent use. REQUIRES: HasAnswer(spec.name)
ScriptStep RenderAnswer(const AnswerSpec& spec, const AnswerRequest& request);

// The step with its `respond` rendered: the step's own headers replace those of the answer, the
// rest (delay, fault, chunks...) stays. REQUIRES: step.respond. Safe for concurrent use.
ScriptStep RenderStep(const ScriptStep& step, const AnswerRequest& request);

bool HasAnswer(std::string_view name);

// Why a name is none, with those that may have been meant: "is no answer of the catalogue; ...".
// The name itself is not in it: it may be anything.
std::string UnknownAnswer(std::string_view name);

// The step member "respond": a name, or {"answer": NAME, "retry_after_ms", "text", "model"}.
// An unknown name is a problem that lists the nearest ones.
AnswerSpec ReadAnswerSpec(const nlohmann::json& value, std::string pointer,
                          config::JsonProblems& problems);

// As a script writes it, for the admin page.
nlohmann::json ToJson(const AnswerSpec& spec);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ANSWERS_PROVIDER_ANSWERS_H_
