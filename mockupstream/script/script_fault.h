// A fault from JSON and back. Private to the script reader and the admin view.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_FAULT_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_FAULT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "keywalk/secret.h"
#include "mockupstream/script/fault.h"

namespace keywalk::mock {

// Reads a step's fault strictly.
Fault ReadFault(const nlohmann::json& value, std::string pointer, config::JsonProblems& problems);
// Reads the fault of a connection, which is at "accept".
Fault ReadAcceptFault(const nlohmann::json& value, std::string pointer,
                      config::JsonProblems& problems);

// The fault as a script writes it, but of bytes only how many; keys are masked.
nlohmann::json FaultJson(const Fault& fault, const SecretMasker& masker);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_FAULT_H_
