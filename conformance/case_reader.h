// Reads one file of cases (fixtures/decisions/, fixtures/scenarios/) strictly.
#ifndef KEYWALK_CONFORMANCE_CASE_READER_H_
#define KEYWALK_CONFORMANCE_CASE_READER_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_reader.h"
#include "conformance/case.h"
#include "conformance/key_alias.h"

namespace keywalk::conformance {

// The cases of a file's text. Reads on after a problem and keeps the first in `problems`; the
// result is only good if there was none. `over_sockets` tells a scenario from a decision.
std::vector<Case> ReadCases(std::string_view text, bool over_sockets,
                            config::JsonProblems& problems);

// The case with every `{ALIAS}` replaced by that key's secret. Cases without sockets come
// instantiated: there the alias is the secret.
Case Instantiate(const Case& test_case, const Secrets& secrets);

// The case as a changed document has it. What stands beside the document (`differs`) stays.
Case ReadAgain(const Case& test_case, nlohmann::json source);

// A header member of a document: name to string or to an array of strings.
Headers ReadHeaders(config::ObjectReader& object, std::string_view key,
                    config::JsonProblems& problems);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CASE_READER_H_
