#include "mockupstream/answers/provider_answers.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/answers/answer_catalogue.h"
#include "mockupstream/answers/answer_template.h"
#include "mockupstream/lanes/credential.h"
#include "mockupstream/model/token_estimate.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kDefaultText = "Hello from keywalk-mock.";
constexpr std::string_view kModelMark = "{model}";

// Where requests limit the length of an answer, as JSON pointers: OpenAI's chat and responses,
// Anthropic, Gemini, Bedrock.
constexpr std::array kLimitPointers{"/max_completion_tokens", "/max_tokens", "/max_output_tokens",
                                    "/generationConfig/maxOutputTokens",
                                    "/inferenceConfig/maxTokens"};

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

// A member of the body somewhere below, or null.
const json* Member(const json* body, const char* pointer) {
  if (body == nullptr || !body->is_object()) return nullptr;
  const json::json_pointer place(pointer);
  return body->contains(place) ? &body->at(place) : nullptr;
}

// What stands for "{model}" if the path ends with the pattern (which may hold no mark: then it is
// empty); nullopt if it does not.
std::optional<std::string_view> MatchPath(std::string_view pattern, std::string_view path) {
  const std::size_t mark = pattern.find(kModelMark);
  const std::string_view after =
      mark == std::string_view::npos ? pattern : pattern.substr(mark + kModelMark.size());
  if (!path.ends_with(after)) return std::nullopt;
  path.remove_suffix(after.size());
  std::string_view model;
  if (mark != std::string_view::npos) {
    model = path.substr(path.rfind('/') + 1);
    const std::string_view before = pattern.substr(0, mark);
    path.remove_suffix(model.size());
    if (model.empty() || !path.ends_with(before)) return std::nullopt;
    path.remove_suffix(before.size());
  }
  // The pattern begins with a whole segment.
  if (!path.ends_with('/')) return std::nullopt;
  return model;
}

bool Fits(const AnswerCondition& condition, const AnswerRequest& request) {
  if (!condition.method.empty() && condition.method != request.method) return false;
  if (!condition.path.empty() && !MatchPath(condition.path, PathOf(request.target))) return false;
  for (const auto& [name, value] : condition.query) {
    if (QueryParameter(request.target, name) != value) return false;
  }
  if (condition.body == nullptr) return true;
  if (request.body == nullptr || !request.body->is_object()) return false;
  return std::all_of(condition.body->items().begin(), condition.body->items().end(),
                     [&request](const auto& member) {
                       const auto found = request.body->find(member.key());
                       return found != request.body->end() && *found == member.value();
                     });
}

const AnswerCase& Choose(const AnswerEntry& entry, const AnswerRequest& request) {
  for (const AnswerCase& one : entry.answer->cases) {
    if (Fits(one.condition, request)) return one;
  }
  return entry.provider->Find("not_found")->cases.front();
}

// The model asked for: in the body, or in the path of one of the provider's pages.
std::string ModelOf(const AnswerSpec& spec, const AnswerRequest& request,
                    const ProviderAnswers& provider) {
  if (!spec.model.empty()) return spec.model;
  const json* model = Member(request.body, "/model");
  if (model != nullptr && model->is_string()) return model->get<std::string>();
  for (const AnswerCase& one : provider.Find("success")->cases) {
    const auto match = MatchPath(one.condition.path, PathOf(request.target));
    if (match && !match->empty()) return PercentDecode(*match);
  }
  return provider.default_model;
}

// The text in pieces that begin where a word's spaces do: "a b" is "a" and " b".
std::vector<std::string> Words(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n";
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t word = std::min(text.find_first_not_of(kSpaces), text.size());
    const std::size_t end = std::min(text.find_first_of(kSpaces, word), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::size_t WordLimit(const json* body) {
  for (const char* pointer : kLimitPointers) {
    const json* limit = Member(body, pointer);
    if (limit == nullptr || !limit->is_number_integer()) continue;
    if (limit->is_number_unsigned() || limit->get<std::int64_t>() >= 0) {
      return limit->get<std::size_t>();
    }
  }
  return static_cast<std::size_t>(-1);
}

TemplateFacts FactsOf(const AnswerSpec& spec, const AnswerRequest& request,
                      const AnswerEntry& entry, std::vector<std::string>& words) {
  TemplateFacts facts;
  facts.model = ModelOf(spec, request, *entry.provider);
  words = Words(spec.text ? std::string_view(*spec.text) : kDefaultText);
  const std::size_t limit = WordLimit(request.body);
  facts.is_cut = words.size() > limit;
  if (facts.is_cut) words.resize(limit);
  for (const std::string& word : words) facts.text += word;
  facts.completion_tokens = static_cast<std::int64_t>(words.size());
  facts.prompt_tokens = request.body == nullptr ? 0 : EstimateInputTokens(*request.body);
  facts.method = request.method;
  facts.path = PathOf(request.target);
  facts.key_hint = request.key_hint;
  facts.number = request.number;
  facts.now = request.now;
  if (request.limit) {
    facts.limit = request.limit->limit;
    facts.used = request.limit->used;
    facts.requested = request.limit->requested;
  }
  facts.retry_after = spec.retry_after ? spec.retry_after : entry.answer->retry_after;
  return facts;
}

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// An event's data: a string as it is, another value as JSON.
std::string DataText(const ordered_json& data) {
  return data.is_string() ? data.get<std::string>() : Dump(data);
}

bool AsksForUsage(const json* body) {
  const json* usage = Member(body, "/stream_options/include_usage");
  return usage != nullptr && usage->is_boolean() && usage->get<bool>();
}

// Calls `add` with each event's name and data.
template <typename Add>
void ForEachEvent(const AnswerCase& one, const std::vector<std::string>& words, bool with_usage,
                  TemplateFacts facts, const Add& add) {
  for (const EventTemplate& event : one.events) {
    if (event.only_with_usage && !with_usage) continue;
    const std::size_t count = event.each_word ? words.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      if (event.each_word) facts.word = words[i];
      add(FillText(event.event, facts).value_or(""), FillJson(*event.data, facts));
      ++facts.sequence;
    }
  }
}

void FillContent(const AnswerCase& one, const std::vector<std::string>& words, bool with_usage,
                 const TemplateFacts& facts, ScriptStep& step) {
  std::string_view type = "application/json";
  switch (one.content) {
    case AnswerCase::Content::kNone:
      return;
    case AnswerCase::Content::kJson:
      step.body = std::make_shared<const std::string>(Dump(FillJson(*one.body, facts)));
      break;
    case AnswerCase::Content::kSse:
      type = "text/event-stream; charset=utf-8";
      ForEachEvent(one, words, with_usage, facts,
                   [&step](std::string name, const ordered_json& data) {
                     SseEvent event;
                     event.event = std::move(name);
                     event.data = DataText(data);
                     step.sse.push_back(std::move(event));
                   });
      break;
    case AnswerCase::Content::kArray: {
      ordered_json list = ordered_json::array();
      ForEachEvent(one, words, with_usage, facts, [&list](const std::string&, ordered_json data) {
        list.push_back(std::move(data));
      });
      step.body = std::make_shared<const std::string>(Dump(list));
      break;
    }
  }
  if (!step.headers.Contains("Content-Type")) step.headers.Add("Content-Type", type);
}

}  // namespace

ScriptStep RenderAnswer(const AnswerSpec& spec, const AnswerRequest& request) {
  const AnswerEntry entry = FindAnswer(spec.name);
  assert(entry.answer != nullptr);
  const AnswerCase& one = Choose(entry, request);
  std::vector<std::string> words;
  const TemplateFacts facts = FactsOf(spec, request, entry, words);

  ScriptStep step;
  step.status = one.status;
  for (const auto& [name, value] : one.headers) {
    const std::optional<std::string> text = FillText(value, facts);
    if (text) step.headers.Set(name, *text);
  }
  FillContent(one, words, AsksForUsage(request.body), facts, step);
  return step;
}

ScriptStep RenderStep(const ScriptStep& step, const AnswerRequest& request) {
  ScriptStep answer = RenderAnswer(*step.respond, request);
  ScriptStep rendered = step;
  rendered.respond = nullptr;
  rendered.status = answer.status;
  rendered.body = std::move(answer.body);
  rendered.sse = std::move(answer.sse);
  for (const Headers::Field field : step.headers) answer.headers.Erase(field.name);
  for (const Headers::Field field : step.headers) answer.headers.Add(field.name, field.value);
  rendered.headers = std::move(answer.headers);
  return rendered;
}

bool HasAnswer(std::string_view name) { return FindAnswer(name).answer != nullptr; }

}  // namespace keywalk::mock
