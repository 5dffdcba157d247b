// One step of a script, from JSON. Private to the script reader.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_STEP_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_STEP_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

// Reads a step strictly, with the combinations that no answer can satisfy reported as problems.
ScriptStep ReadStep(const nlohmann::json& value, std::string pointer,
                    config::JsonProblems& problems);

// The members of an object that make a step, but for "times"; the caller finishes the reader.
ScriptStep ReadStepMembers(config::ObjectReader& object, config::JsonProblems& problems);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_STEP_H_
