#include "conformance/question.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "conformance/key_alias.h"

namespace keywalk::conformance {

using nlohmann::json;

json Question(const Case& test_case) {
  json value = *test_case.source;
  SubstituteSecrets(value, AliasesAsSecrets(test_case));  // here the alias is the secret
  json question = json::object();
  for (const char* key : {"id", "provider", "keys", "lanes", "requests", "checks", "operations"}) {
    if (value.contains(key)) question[key] = value[key];
  }
  for (const char* list : {"requests", "operations"}) {
    if (!question.contains(list)) continue;
    std::size_t index = 0;
    for (json& item : question[list]) {
      item.erase("expect");
      if (list == std::string_view("requests") && !item.contains("id")) {
        item["id"] = "r" + std::to_string(index);
      }
      ++index;
    }
  }
  if (question.contains("checks")) {
    for (json& item : question["checks"]) item.erase("states");
  }
  return question;
}

}  // namespace keywalk::conformance
