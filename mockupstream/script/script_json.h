// The lanes as JSON for the admin page.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_JSON_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "mockupstream/lanes/lane_table.h"

namespace keywalk::mock {

// {"lanes": [{"key", "name", "at_end", "served", "steps": [...]}], "default_lane": ...}: a list,
// since two keys may have one hint. Steps are written as scripts write them, without what is
// default; of a body only the size, and its text if that is short. Keys are masked.
nlohmann::json LanesJson(const LaneTable& lanes);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_JSON_H_
