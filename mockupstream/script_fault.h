// A fault from JSON and back. Private to the script reader and the admin view.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_FAULT_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_FAULT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "mockupstream/fault.h"

namespace keywalk::mock {

// Reads a fault strictly.
Fault ReadFault(const nlohmann::json& value, std::string pointer, config::JsonProblems& problems);

// The fault as a script writes it.
nlohmann::json FaultJson(const Fault& fault);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_FAULT_H_
