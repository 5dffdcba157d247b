// What a modelled key answers: its provider's refusal, or a step with the provider's fields on it.
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_MODEL_ANSWER_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_MODEL_ANSWER_H_

#include <string>

#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/model/rate_limit_headers.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

// The catalogue's name for a refusal: the provider's answer for that sort of limit if it has one,
// else its general one ("openai.rate_limited_tokens", "mistral.rate_limited").
std::string RefusalAnswer(ModelProvider provider, const Admission& refused);

// The provider's answer to a refused request, whose wait and fields are those of the report, not
// the catalogue's. An outage has the status that it is written with. Safe for concurrent use.
// REQUIRES: !report.admission.admitted()
ScriptStep RenderRefusal(ModelProvider provider, const LimitReport& report, AnswerRequest request);

// Adds the provider's fields to the answer of an admitted request; a field that the step has stays.
void AddLimitFields(ModelProvider provider, const LimitReport& report, ScriptStep& step);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_MODEL_ANSWER_H_
