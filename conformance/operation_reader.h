// Reads the `operations` of a case.
#ifndef KEYWALK_CONFORMANCE_OPERATION_READER_H_
#define KEYWALK_CONFORMANCE_OPERATION_READER_H_

#include <vector>

#include "config/json_reader.h"
#include "conformance/case.h"

namespace keywalk::conformance {

// `object` is the case.
std::vector<Operation> ReadOperations(config::ObjectReader& object, config::JsonProblems& problems);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_OPERATION_READER_H_
