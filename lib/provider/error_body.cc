// Reads error bodies of the shapes that providers send (one is enough; all fields are optional):
//
//   OpenAI     {"error":{"message":M,"type":T,"code":C}}
//   Anthropic  {"type":"error","error":{"type":T,"message":M,"details":{"error_code":C}}}
//   Google     {"error":{"code":429,"message":M,"status":T,
//               "details":[{"@type":"...ErrorInfo","reason":R},
//                          {"@type":"...RetryInfo","retryDelay":D}]}}
//   Mistral    {"object":"error","message":M,"type":T,"code":C}
#include <nlohmann/json.hpp>

#include "keywalk/provider.h"

namespace keywalk {
namespace {

using Json = nlohmann::json;

const Json* FindMember(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found != object.end() ? &*found : nullptr;
}

std::string StringMember(const Json& object, const char* name) {
  const Json* member = FindMember(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

// Some vendors write the code as a number.
std::string CodeMember(const Json& object) {
  const Json* member = FindMember(object, "code");
  if (member != nullptr && member->is_number_integer()) return member->dump();
  return StringMember(object, "code");
}

// The object that describes the error, or null if the body has none of the known shapes.
const Json* FindError(const Json& body) {
  const Json* error = FindMember(body, "error");
  if (error != nullptr) return error->is_object() ? error : nullptr;
  return StringMember(body, "object") == "error" ? &body : nullptr;
}

// Google's list of typed details. The first of each kind counts.
void ReadDetailList(const Json& details, ErrorFacts& facts) {
  for (const Json& detail : details) {
    if (facts.reason.empty()) facts.reason = StringMember(detail, "reason");
    if (facts.retry_delay.empty()) facts.retry_delay = StringMember(detail, "retryDelay");
  }
}

}  // namespace

ErrorFacts ParseErrorBody(std::string_view body) noexcept {
  ErrorFacts facts;
  const Json parsed = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const Json* error = FindError(parsed);
  if (error == nullptr) return facts;

  facts.message = StringMember(*error, "message");
  facts.type = StringMember(*error, "type");
  if (facts.type.empty()) facts.type = StringMember(*error, "status");
  if (const Json* details = FindMember(*error, "details")) {
    facts.code = StringMember(*details, "error_code");
    if (details->is_array()) ReadDetailList(*details, facts);
  }
  if (facts.code.empty()) facts.code = CodeMember(*error);
  return facts;
}

}  // namespace keywalk
