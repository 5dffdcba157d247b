// Modelled keys as scripts write them: a lane's "model" and the script's "organisations".
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_KEY_MODEL_JSON_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_KEY_MODEL_JSON_H_

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/json_reader.h"
#include "mockupstream/model/key_model.h"
#include "mockupstream/model/rate_limit_headers.h"

namespace keywalk::mock {

// The limits of an organisation. Lanes that point to the same one share it, in each scope anew.
using OrganisationSpec = std::vector<LimitSpec>;
// By name.
using OrganisationSpecs =
    std::map<std::string, std::shared_ptr<const OrganisationSpec>, std::less<>>;

// A lane's "model".
struct LaneModel {
  ModelProvider provider = ModelProvider::kOpenAi;  // whose answers and header fields it has
  KeyModelSpec key;
  std::string organisation_name;  // empty: none
  // Of that name in the script, which the reader of the script fills in; null: none.
  std::shared_ptr<const OrganisationSpec> organisation;
  // The script's "clock_starts_at", filled in likewise; nullopt: the time at which the server does.
  std::optional<Milliseconds> wall_at_zero;
};

LaneModel ReadLaneModel(const nlohmann::json& value, std::string pointer,
                        config::JsonProblems& problems);
// The script's member "organisations"; empty if it has none.
OrganisationSpecs ReadOrganisations(config::ObjectReader& root, config::JsonProblems& problems);
// The script's member "clock_starts_at", an RFC 3339 date-time, as Unix time.
std::optional<Milliseconds> ReadClockStart(config::ObjectReader& root);

// As a script writes it, with the limits of its organisation.
nlohmann::json ToJson(const LaneModel& model);

// What a request costs, known before it is answered: its input as one token for each four bytes of
// the body, rounded up (no tokenizer is the right one for every model); as its output all that it
// allows itself: max_completion_tokens, max_output_tokens or max_tokens, Gemini's
// generationConfig.maxOutputTokens or Bedrock's inferenceConfig.maxTokens, the first that is there;
// else none. `body` may be null.
RequestCost EstimateCost(std::uint64_t body_bytes, const nlohmann::json* body);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_KEY_MODEL_JSON_H_
