// The case as an implementation gets it by `decide`: without what it is to answer.
#ifndef KEYWALK_CONFORMANCE_QUESTION_H_
#define KEYWALK_CONFORMANCE_QUESTION_H_

#include <nlohmann/json_fwd.hpp>

#include "conformance/case.h"

namespace keywalk::conformance {

// Only what decides: provider, keys, lanes, requests (each with its id), checks, operations.
nlohmann::json Question(const Case& test_case);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_QUESTION_H_
