// Reads what a case asks for beside its pool and its requests: `connections`, `setup`,
// `metrics`, `dump`.
#ifndef KEYWALK_CONFORMANCE_CASE_SETUP_READER_H_
#define KEYWALK_CONFORMANCE_CASE_SETUP_READER_H_

#include "config/json_reader.h"
#include "conformance/case.h"

namespace keywalk::conformance {

// `object` is the case. Only a case over sockets may have them.
void ReadSetup(config::ObjectReader& object, bool over_sockets, Case& test_case,
               config::JsonProblems& problems);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CASE_SETUP_READER_H_
