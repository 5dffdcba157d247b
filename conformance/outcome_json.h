// Reads outcomes as fixtures and `decide` replies write them (fixtures/README.md).
#ifndef KEYWALK_CONFORMANCE_OUTCOME_JSON_H_
#define KEYWALK_CONFORMANCE_OUTCOME_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "config/json_reader.h"
#include "conformance/outcome.h"
#include "keywalk/clock.h"

namespace keywalk::conformance {

// A number of milliseconds, which may be fractional (whole nanoseconds count); absent: zero. Beyond
// 10^12 either way is a problem.
Duration ReadMilliseconds(config::ObjectReader& object, std::string_view key);

// {"forward": STATUS}, {"exhausted": {...}} or {"transport_error": true}; exactly one of them.
Outcome ReadOutcome(const nlohmann::json& value, const std::string& pointer,
                    config::JsonProblems& problems);

// As ReadOutcome() reads it.
nlohmann::json ToJson(const Outcome& outcome);

// What an operation's `expect` holds.
OperationOutcome ReadOperationOutcome(const nlohmann::json& value, const std::string& pointer,
                                      config::JsonProblems& problems);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_OUTCOME_JSON_H_
