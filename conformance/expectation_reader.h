// Reads the `expect` of a request.
#ifndef KEYWALK_CONFORMANCE_EXPECTATION_READER_H_
#define KEYWALK_CONFORMANCE_EXPECTATION_READER_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "conformance/case.h"

namespace keywalk::conformance {

ExpectedRequest ReadExpectation(const nlohmann::json& value, const std::string& pointer,
                                config::JsonProblems& problems);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_EXPECTATION_READER_H_
