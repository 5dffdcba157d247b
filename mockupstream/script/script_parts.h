// The parts of a script that several of its members have in common. Private to the script reader.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_PARTS_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_PARTS_H_

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "config/json_reader.h"
#include "keywalk/headers.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

// The member "delay_ms".
std::chrono::milliseconds ReadDelay(config::ObjectReader& object);

// `key`: an object of name to value, or to an array of values for a repeated field.
Headers ReadHeaders(config::ObjectReader& object, std::string_view key,
                    config::JsonProblems& problems);

// A Server-Sent Event; without a name of its own it has that one.
SseEvent ReadSseEvent(const nlohmann::json& value, std::string pointer,
                      config::JsonProblems& problems, std::string_view default_name = "");

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_PARTS_H_
