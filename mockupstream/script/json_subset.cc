#include "mockupstream/script/json_subset.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "config/json_reader.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

// The depth of what is asked for bounds the recursion; it was parsed, recursively, before.
std::optional<JsonDifference> Compare(const json& expected, const json& actual,
                                      const std::string& pointer) {
  if (expected.is_object() && actual.is_object()) {
    for (const auto& [name, value] : expected.items()) {
      const std::string place = config::JoinPointer(pointer, name);
      const auto member = actual.find(name);
      if (member == actual.end()) return JsonDifference{place, &value, nullptr};
      if (auto difference = Compare(value, *member, place)) return difference;
    }
    return std::nullopt;
  }
  if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::string place = config::JoinPointer(pointer, i);
      if (auto difference = Compare(expected[i], actual[i], place)) return difference;
    }
    return std::nullopt;
  }
  if (expected == actual) return std::nullopt;
  return JsonDifference{pointer, &expected, &actual};
}

}  // namespace

std::optional<JsonDifference> FirstDifference(const json& expected, const json& actual) {
  return Compare(expected, actual, "");
}

}  // namespace keywalk::mock
