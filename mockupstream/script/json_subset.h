// Whether a JSON value has what is asked of it, and where it first has not.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_JSON_SUBSET_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_JSON_SUBSET_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace keywalk::mock {

struct JsonDifference {
  std::string pointer;                       // RFC 6901, of the place in both
  const nlohmann::json* expected = nullptr;  // there
  const nlohmann::json* actual = nullptr;    // null: there is nothing
};

// The first place where `actual` differs from `expected`; nullopt if it has all of it: of an object
// the members that are named, of an array the same number of elements, otherwise an equal value (1
// equals 1.0). The difference points into both. Pure; safe for concurrent use.
std::optional<JsonDifference> FirstDifference(const nlohmann::json& expected,
                                              const nlohmann::json& actual);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_JSON_SUBSET_H_
