#include "mockupstream/answers/answer_catalogue.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <nlohmann/json.hpp>
#include <set>

#include "config/json_reader.h"
#include "keywalk/headers.h"
#include "mockupstream/answers/answer_template.h"
#include "mockupstream/answers/builtin_answers.h"

namespace keywalk::mock {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 8> kCanonicalAnswers{
    "success",   "rate_limited", "quota_exhausted", "invalid_key",
    "forbidden", "overloaded",   "server_error",    "not_found"};

// Calls `visit` with every string of the value.
template <typename Visitor>
void ForEachString(const ordered_json& value, const Visitor& visit) {
  if (value.is_string()) visit(value.get_ref<const std::string&>());
  if (!value.is_structured()) return;
  for (const auto& member : value) ForEachString(member, visit);
}

// Reads one file. Contents are taken from a second reading, which keeps the order of members.
class CatalogueReader {
 public:
  CatalogueReader(const ordered_json& ordered, JsonProblems& problems)
      : ordered_(ordered), problems_(problems) {}

  ProviderAnswers Read(const json& root) {
    ObjectReader object(root, "", problems_);
    ProviderAnswers provider;
    provider.provider = object.RequiredString("provider");
    provider.default_model = object.RequiredString("default_model");
    common_headers_ = ReadHeaders(object);
    if (const json* answers = object.RequiredArray("answers")) {
      for (std::size_t i = 0; i < answers->size(); ++i) {
        provider.answers.push_back(
            ReadAnswer((*answers)[i], JoinPointer(object.PointerTo("answers"), i)));
      }
    }
    object.Finish();
    CheckNames(provider);
    return provider;
  }

 private:
  CatalogueAnswer ReadAnswer(const json& value, const std::string& pointer) {
    ObjectReader object(value, pointer, problems_);
    CatalogueAnswer answer;
    answer.names.push_back(object.RequiredString("name"));
    for (std::string& also : object.Strings("also")) answer.names.push_back(std::move(also));
    answer.summary = object.RequiredString("summary");
    answer.source = object.RequiredString("source");
    if (object.Has("retry_after_ms")) {
      answer.retry_after =
          std::chrono::milliseconds(object.RequiredInteger("retry_after_ms", {0, 1'000'000'000}));
    }
    if (const json* cases = object.Array("cases")) {
      if (cases->empty()) object.Problem("cases", "needs at least one");
      for (std::size_t i = 0; i < cases->size(); ++i) {
        ObjectReader one((*cases)[i], JoinPointer(object.PointerTo("cases"), i), problems_);
        AnswerCondition condition = ReadCondition(one);
        answer.cases.push_back(ReadCase(one, answer));
        answer.cases.back().condition = std::move(condition);
        one.Finish();
      }
    } else {
      answer.cases.push_back(ReadCase(object, answer));
    }
    object.Finish();
    return answer;
  }

  AnswerCondition ReadCondition(ObjectReader& object) {
    AnswerCondition condition;
    condition.method = object.String("method");
    condition.path = object.String("path");
    if (const json* query = object.Object("query")) {
      for (const auto& [name, value] : query->items()) {
        condition.query.emplace_back(name, value.is_string() ? value.get<std::string>() : "");
      }
    }
    if (const json* body = object.Object("body"))
      condition.body = std::make_shared<const json>(*body);
    return condition;
  }

  AnswerCase ReadCase(ObjectReader& object, CatalogueAnswer& answer) {
    AnswerCase one;
    one.status = static_cast<int>(object.Integer("status", 200, {200, 599}));
    one.headers = common_headers_;
    for (auto& field : ReadHeaders(object)) one.headers.push_back(std::move(field));
    for (const auto& field : one.headers) {
      answer.tells_wait = answer.tells_wait || UsesPlaceholder(field.second, "retry_");
    }
    for (const auto& [key, content] : {std::pair("json", AnswerCase::Content::kJson),
                                       std::pair("sse", AnswerCase::Content::kSse),
                                       std::pair("array", AnswerCase::Content::kArray)}) {
      const json* value = object.Value(key);
      if (value == nullptr) continue;
      if (one.content != AnswerCase::Content::kNone) object.Problem(key, "is a second content");
      one.content = content;
      if (content == AnswerCase::Content::kJson) {
        one.body = Ordered(object.PointerTo(key));
        CheckContent(*one.body, object.PointerTo(key), answer);
      } else {
        one.events = ReadEvents(*value, object.PointerTo(key), answer);
      }
    }
    return one;
  }

  std::vector<EventTemplate> ReadEvents(const json& list, const std::string& pointer,
                                        CatalogueAnswer& answer) {
    std::vector<EventTemplate> events;
    if (!list.is_array() || list.empty()) problems_.Add(pointer, "expected a list of events");
    for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) {
      ObjectReader object(list[i], JoinPointer(pointer, i), problems_);
      EventTemplate event;
      event.event = object.String("event");
      CheckText(event.event, object.PointerTo("event"), answer);
      if (object.Value("data") == nullptr) {
        object.Problem("data", "is required");
      } else {
        event.data = Ordered(object.PointerTo("data"));
        CheckContent(*event.data, object.PointerTo("data"), answer);
      }
      event.each_word = !object.Choice("each", "", {"word"}).empty();
      event.only_with_usage = !object.Choice("if", "", {"include_usage"}).empty();
      object.Finish();
      events.push_back(std::move(event));
    }
    return events;
  }

  NamedTexts ReadHeaders(ObjectReader& object) {
    NamedTexts headers;
    if (object.Object("headers") == nullptr) return headers;
    const auto fields = Ordered(object.PointerTo("headers"));
    for (const auto& [name, value] : fields->items()) {
      const std::string pointer = JoinPointer(object.PointerTo("headers"), name);
      const std::string text = value.is_string() ? value.get<std::string>() : "";
      if (!value.is_string() || !IsValidHeaderValue(text) || !IsValidHeaderName(name)) {
        problems_.Add(pointer, "is not a header field");
      } else if (const auto problem = CheckTemplate(text, TemplateUse::kHeader)) {
        problems_.Add(pointer, *problem);
      } else {
        headers.emplace_back(name, text);
      }
    }
    return headers;
  }

  void CheckContent(const ordered_json& content, const std::string& pointer,
                    CatalogueAnswer& answer) {
    ForEachString(content, [&](const std::string& text) { CheckText(text, pointer, answer); });
  }

  // Checks a template, and notes what the answer can say by it.
  void CheckText(const std::string& text, const std::string& pointer, CatalogueAnswer& answer) {
    if (const auto problem = CheckTemplate(text, TemplateUse::kContent)) {
      problems_.Add(pointer, *problem);
      return;
    }
    answer.has_text =
        answer.has_text || UsesPlaceholder(text, "text") || UsesPlaceholder(text, "word");
    if (!UsesPlaceholder(text, "retry_")) return;
    answer.tells_wait = true;
    if (!answer.retry_after) problems_.Add(pointer, "tells a wait: needs \"retry_after_ms\"");
  }

  void CheckNames(const ProviderAnswers& provider) {
    std::set<std::string_view> seen;
    for (const CatalogueAnswer& answer : provider.answers) {
      for (const std::string& name : answer.names) {
        if (!seen.insert(name).second) problems_.Add("/answers", "\"" + name + "\" comes twice");
      }
    }
    for (const std::string_view name : kCanonicalAnswers) {
      if (!seen.contains(name)) problems_.Add("/answers", "lacks \"" + std::string(name) + "\"");
    }
    const CatalogueAnswer* not_found = provider.Find("not_found");
    const bool is_fixed = not_found != nullptr && not_found->cases.size() == 1 &&
                          not_found->cases[0].condition.path.empty();
    if (!is_fixed) problems_.Add("/answers", "\"not_found\" depends on the request");
  }

  std::shared_ptr<const ordered_json> Ordered(const std::string& pointer) const {
    return std::make_shared<const ordered_json>(ordered_.at(ordered_json::json_pointer(pointer)));
  }

  const ordered_json& ordered_;
  JsonProblems& problems_;
  NamedTexts common_headers_;
};

std::vector<ProviderAnswers> ParseBuiltin() {
  std::vector<ProviderAnswers> providers;
  for (const AnswerFile& file : AnswerFiles()) {
    Result<ProviderAnswers> provider = ParseProviderAnswers(file.json, file.name);
    assert(provider.ok());
    providers.push_back(std::move(*provider));
  }
  return providers;
}

}  // namespace

const CatalogueAnswer* ProviderAnswers::Find(std::string_view name) const {
  for (const CatalogueAnswer& answer : answers) {
    if (std::find(answer.names.begin(), answer.names.end(), name) != answer.names.end()) {
      return &answer;
    }
  }
  return nullptr;
}

std::span<const std::string_view> CanonicalAnswers() { return kCanonicalAnswers; }

Result<ProviderAnswers> ParseProviderAnswers(std::string_view text, std::string_view source) {
  JsonProblems problems(source);
  const json root = config::ParseJson(text, problems);
  if (problems.any()) return problems.error();
  const ordered_json ordered = ordered_json::parse(text.begin(), text.end());
  ProviderAnswers provider = CatalogueReader(ordered, problems).Read(root);
  if (problems.any()) return problems.error();
  return provider;
}

std::span<const ProviderAnswers> BuiltinAnswers() {
  static const auto* const kProviders = new std::vector<ProviderAnswers>(ParseBuiltin());
  return *kProviders;
}

AnswerEntry FindAnswer(std::string_view name) {
  const std::size_t dot = name.find('.');
  const std::string_view rest = dot == std::string_view::npos ? "success" : name.substr(dot + 1);
  for (const ProviderAnswers& provider : BuiltinAnswers()) {
    if (provider.provider != name.substr(0, dot)) continue;
    const CatalogueAnswer* answer = provider.Find(rest);
    return answer == nullptr ? AnswerEntry() : AnswerEntry{&provider, answer};
  }
  return {};
}

std::vector<std::string> AnswerNames() {
  std::vector<std::string> names;
  for (const ProviderAnswers& provider : BuiltinAnswers()) {
    for (const CatalogueAnswer& answer : provider.answers) {
      for (const std::string& name : answer.names) names.push_back(provider.provider + "." + name);
    }
  }
  return names;
}

}  // namespace keywalk::mock
