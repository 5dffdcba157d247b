// JSON to policy. Errors name the source, the JSON pointer and what was expected.
#ifndef KEYWALK_CONFIG_H_
#define KEYWALK_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "keywalk/policy.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"

namespace keywalk {

// Parses a policy file's text. `source` (a file name) only appears in errors. Unknown keys are
// errors; so is a schema_version whose major is newer than this library reads.
Result<Policy> ParsePolicy(std::string_view json, std::string_view source);

// A built-in policy by name ("coder-v1", "coder-v2", ...: the files of fixtures/policies/, compiled
// in), or, if `name_or_file` holds a '/' or ends in ".json", that file.
Result<Policy> LoadPolicy(std::string_view name_or_file);
std::vector<std::string> BuiltinPolicyNames();

// Keys, one a line; blank lines and lines that begin with '#' are ignored, white space around a key
// is too. `text` is a keys file's content or the environment variable KEYWALK_KEYS.
Secrets ParseKeyLines(std::string_view text);
// Reads such a file. Fails if it cannot be read.
Result<Secrets> LoadKeysFile(const std::string& path);

}  // namespace keywalk

#endif  // KEYWALK_CONFIG_H_
