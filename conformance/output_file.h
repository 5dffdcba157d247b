// Writing what a run leaves behind: reports, the file of known failures.
#ifndef KEYWALK_CONFORMANCE_OUTPUT_FILE_H_
#define KEYWALK_CONFORMANCE_OUTPUT_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "keywalk/result.h"

namespace keywalk::conformance {

// Writes `text` to a file, making its folders. A regular file is replaced whole or stays as it was;
// what is no regular file (/dev/stdout) is written to as it is. An error names the file.
std::optional<Error> WriteOutputFile(const std::string& path, std::string_view text);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_OUTPUT_FILE_H_
