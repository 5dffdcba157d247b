#include "mockupstream/admin/admin_reply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/lanes/credential.h"
#include "mockupstream/lanes/scope.h"
#include "mockupstream/script/known_names.h"

namespace keywalk::mock {
namespace {

// Of all pages.
constexpr std::array<std::string_view, 5> kAdminParameters{"format", "from", "lane", "limit",
                                                           "scope"};

}  // namespace

Headers AdminReply::headers() const {
  Headers headers{{"Content-Type", content_type}, {"Cache-Control", "no-store"}};
  if (!allow.empty()) headers.Add("Allow", allow);
  if (status == 401) headers.Add("WWW-Authenticate", "Bearer");
  return headers;
}

std::string DumpJson(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

AdminReply JsonReply(int status, const nlohmann::json& value) {
  AdminReply reply;
  reply.status = status;
  reply.body = DumpJson(value) + "\n";
  return reply;
}

AdminReply ErrorReply(int status, std::string_view message) {
  return JsonReply(status, {{"error", {{"message", message}}}});
}

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

AdminQuery::AdminQuery(std::string_view target) {
  const std::size_t mark = target.find('?');
  std::string_view query = mark == target.npos ? "" : target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name = PercentDecode(pair.substr(0, equals));
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (!values_.try_emplace(name, PercentDecode(value)).second) {
      Add(ShownName(name, kAdminParameters) + ": is there twice");
    }
  }
}

void AdminQuery::Add(std::string problem) {
  if (!problem_) problem_ = std::move(problem);
}

std::optional<std::string> AdminQuery::Text(std::string_view name) {
  known_.emplace(name);
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> AdminQuery::Number(std::string_view name) {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    Add(std::string(name) + ": expected a whole number");
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> AdminQuery::Scope() {
  std::optional<std::string> id = Text("scope");
  if (id && !id->empty() && !IsScopeId(*id)) Add("scope: " + std::string(kScopeIdRule));
  return id;
}

std::string AdminQuery::Choice(std::string_view name,
                               std::initializer_list<std::string_view> choices) {
  std::string value = Text(name).value_or(std::string(*choices.begin()));
  std::string expected;
  for (const std::string_view choice : choices) {
    if (choice == value) return value;
    expected += (expected.empty() ? "" : " or ") + std::string(choice);
  }
  Add(std::string(name) + ": expected " + expected);
  return value;
}

std::optional<std::string> AdminQuery::Problem() {
  for (const auto& [name, value] : values_) {
    if (known_.contains(name)) continue;
    std::string problem = "unknown parameter " + ShownName(name, kAdminParameters) + "; known are";
    for (const std::string& known : known_) problem += " " + known;
    if (known_.empty()) problem = "this page has no parameters";
    Add(std::move(problem));
  }
  return problem_;
}

}  // namespace keywalk::mock
