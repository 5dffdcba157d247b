#include "mockupstream/script/matcher.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/lanes/credential.h"
#include "mockupstream/script/json_subset.h"

namespace keywalk::mock {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

bool HeadersMatch(const FieldMatch& field, const Headers& headers) {
  if (!field.pattern) return !headers.Contains(field.name);
  for (const Headers::Field given : headers) {
    if (!EqualsIgnoreCase(given.name, field.name)) continue;
    if (MatchesPattern(*field.pattern, given.value)) return true;
  }
  return false;
}

bool QueryMatches(const FieldMatch& field, std::string_view target) {
  const std::string_view value = QueryParameter(target, field.name);
  if (value.data() == nullptr) return !field.pattern;
  return field.pattern && MatchesPattern(*field.pattern, PercentDecode(value));
}

std::vector<std::string> ReadMethods(ObjectReader& object) {
  const json* value = object.Value("method");
  std::vector<std::string> methods;
  if (value == nullptr) return methods;
  if (value->is_array()) {
    methods = object.Strings("method");
    if (value->empty()) object.Problem("method", "needs at least one");
  } else {
    methods.push_back(object.String("method"));
  }
  for (const std::string& method : methods) {
    // A method is a token, as a field's name is.
    if (!IsValidHeaderName(method)) object.Problem("method", "is no method (RFC 9110 section 9.1)");
  }
  return methods;
}

std::vector<FieldMatch> ReadFields(ObjectReader& object, std::string_view key,
                                   JsonProblems& problems) {
  std::vector<FieldMatch> fields;
  const json* members = object.Object(key);
  if (members == nullptr) return fields;
  for (const auto& [name, value] : members->items()) {
    if (problems.IsComment(name, value)) continue;
    const std::string pointer = JoinPointer(object.PointerTo(key), name);
    FieldMatch field{name, std::nullopt};
    if (value.is_string()) {
      field.pattern = value.get<std::string>();
    } else if (!value.is_null()) {
      problems.Add(pointer, "expected a string, or null for \"must not be there\"");
    }
    if (key == "headers" && !IsValidHeaderName(name)) {
      problems.Add(pointer, "is not a header name (RFC 9110 section 5.6.2)");
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

json FieldsJson(const std::vector<FieldMatch>& fields) {
  json object = json::object();
  for (const FieldMatch& field : fields) {
    object[field.name] = field.pattern ? json(*field.pattern) : json(nullptr);
  }
  return object;
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.npos;  // the last "*" that was met, and what it stands for ends here:
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

bool RequestMatch::Matches(const RequestFacts& request) const {
  if (!methods.empty() &&
      std::find(methods.begin(), methods.end(), request.method()) == methods.end()) {
    return false;
  }
  if (!path.empty() && !MatchesPattern(path, request.path())) return false;
  for (const FieldMatch& field : query) {
    if (!QueryMatches(field, request.target())) return false;
  }
  for (const FieldMatch& field : headers) {
    if (!HeadersMatch(field, request.headers())) return false;
  }
  if (!json) return true;
  const nlohmann::json* const body = request.json();
  return body != nullptr && !FirstDifference(*json, *body);
}

RequestMatch ReadMatch(const nlohmann::json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  RequestMatch match;
  match.methods = ReadMethods(object);
  match.path = object.String("path");
  if (object.Has("path") && !match.path.starts_with('/') && !match.path.starts_with('*')) {
    object.Problem("path", "must begin with \"/\" or \"*\"");
  }
  if (match.path.find('?') != std::string::npos) {
    object.Problem("path", "is without a query: use \"query\"");
  }
  match.query = ReadFields(object, "query", problems);
  match.headers = ReadFields(object, "headers", problems);
  if (const nlohmann::json* body = object.Value("json")) {
    match.json = std::make_shared<const nlohmann::json>(*body);
  }
  object.Finish();
  return match;
}

nlohmann::json ToJson(const RequestMatch& match) {
  nlohmann::json object = nlohmann::json::object();
  if (!match.methods.empty()) object["method"] = match.methods;
  if (!match.path.empty()) object["path"] = match.path;
  if (!match.query.empty()) object["query"] = FieldsJson(match.query);
  if (!match.headers.empty()) object["headers"] = FieldsJson(match.headers);
  if (match.json) object["json"] = *match.json;
  return object;
}

}  // namespace keywalk::mock
