// What providers answer, where a case does not care.
//
// Most cases script a bare status, or `{"ok": true}` for any success. A gateway that reads bodies
// and writes them anew (one without the capability body.verbatim) takes neither for an answer of a
// provider, and would be failed for what no provider sends.
#ifndef KEYWALK_CONFORMANCE_USUAL_ANSWERS_H_
#define KEYWALK_CONFORMANCE_USUAL_ANSWERS_H_

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "conformance/case.h"
#include "conformance/fixture_loader.h"

namespace keywalk::conformance {

// The body of that provider's answer: a chat completion or a message for 2xx, else an error.
nlohmann::json UsualAnswer(std::string_view provider, int status);

// The case with a usual answer in every step, and every expectation, that is a bare status or
// `{"ok": true}`. Steps whose fault may spoil the body, and those without an end, stay as they are.
// Pure.
Case WithUsualAnswers(const Case& test_case);

// The same for every case of the suite that has lanes.
void UseUsualAnswers(Suite& suite);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_USUAL_ANSWERS_H_
