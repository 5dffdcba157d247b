// `schema_version`: every JSON file of the project states the format it is written in.
#ifndef KEYWALK_CONFIG_SCHEMA_VERSION_H_
#define KEYWALK_CONFIG_SCHEMA_VERSION_H_

#include "config/json_reader.h"

namespace keywalk::config {

// The newest major version that these readers understand.
inline constexpr int kSchemaMajor = 1;

// Reads the required key "schema_version", `1*3DIGIT "." 1*3DIGIT`; a newer major is a problem. A
// newer minor is not: what it adds shows as unknown keys where it matters.
void CheckSchemaVersion(ObjectReader& root);

}  // namespace keywalk::config

#endif  // KEYWALK_CONFIG_SCHEMA_VERSION_H_
