// How many tokens a request asks for, roughly: no tokenizer, a token for four bytes of text.
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_TOKEN_ESTIMATE_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_TOKEN_ESTIMATE_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace keywalk::mock {

// Of all strings in the members that hold what is said to the model: messages, input, prompt,
// system, instructions, contents, systemInstruction. At least 1. Pure; safe for concurrent use.
std::int64_t EstimateInputTokens(const nlohmann::json& request);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_TOKEN_ESTIMATE_H_
