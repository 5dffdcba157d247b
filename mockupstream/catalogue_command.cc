#include "mockupstream/catalogue_command.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "config/json_reader.h"
#include "mockupstream/answers/answer_catalogue.h"
#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/script/sse.h"
#include "mockupstream/script/starting_script.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kNameColumns = 36;

std::string Padded(std::string text, std::size_t columns) {
  text.resize(std::max(columns, text.size() + 1), ' ');
  return text;
}

// "openai.rate_limited    429  too many requests a minute"
std::string Line(const ProviderAnswers& provider, const CatalogueAnswer& answer) {
  std::string line = Padded(provider.provider + "." + answer.names.front(), kNameColumns) +
                     std::to_string(answer.cases.front().status) + "  " + answer.summary;
  for (std::size_t i = 1; i < answer.names.size(); ++i) {
    line += (i == 1 ? " (also " : ", ") + provider.provider + "." + answer.names[i];
  }
  return line + (answer.names.size() > 1 ? ")\n" : "\n");
}

// A request that a case is for.
struct Example {
  std::string method;
  std::string target;
  json body;
};

Example ExampleFor(const AnswerCase& one, const ProviderAnswers& provider) {
  constexpr std::string_view kMark = "{model}";
  Example example;
  example.method = one.condition.method.empty() ? "POST" : one.condition.method;
  example.target = one.condition.path;
  const std::size_t mark = example.target.find(kMark);
  if (mark != std::string::npos) {
    example.target.replace(mark, kMark.size(), provider.default_model);
  }
  example.target.insert(0, "/");
  for (const auto& [name, value] : one.condition.query) {
    example.target += (example.target.find('?') == std::string::npos ? "?" : "&") + name;
    example.target += "=" + value;
  }
  example.body = one.condition.body ? *one.condition.body : json::object();
  if (mark == std::string::npos) example.body["model"] = provider.default_model;
  return example;
}

std::string AsText(const ScriptStep& step) {
  std::string text = "HTTP " + std::to_string(step.status) + "\n";
  for (const Headers::Field field : step.headers) {
    text += std::string(field.name) + ": " + std::string(field.value) + "\n";
  }
  text += "\n";
  if (step.body) text += ordered_json::parse(*step.body).dump(2) + "\n";
  for (const SseEvent& event : step.sse) text += EncodeSse(event);
  return text;
}

std::string Shown(const AnswerEntry& entry) {
  const ProviderAnswers& provider = *entry.provider;
  const std::string name = provider.provider + "." + entry.answer->names.front();
  std::string text = "# " + Line(provider, *entry.answer) + "# seen in: " + entry.answer->source;
  text += "\n";
  for (const AnswerCase& one : entry.answer->cases) {
    const Example example = ExampleFor(one, provider);
    AnswerSpec spec;
    spec.name = name;
    AnswerRequest request;
    request.method = example.method;
    request.target = example.target;
    request.body = &example.body;
    request.key_hint = "sk-e...aaaa";
    request.now = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::system_clock::now());
    if (!one.condition.path.empty()) {
      text += "\n# " + example.method + " " + example.target;
      text += one.condition.body ? " with " + one.condition.body->dump() + "\n" : "\n";
    }
    text += AsText(RenderAnswer(spec, request));
  }
  return text;
}

std::string ListOf(const ProviderAnswers& provider) {
  std::string text;
  for (const CatalogueAnswer& answer : provider.answers) text += Line(provider, answer);
  return text;
}

std::string ProviderList() {
  std::string list;
  for (const std::string& name : ProviderNames()) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

Result<std::string> StartingScriptPage(const std::string& provider) {
  if (provider.empty()) {
    std::string text;
    for (const std::string& name : ProviderNames()) text += name + "\n";
    return text;
  }
  std::optional<std::string> script = StartingScript(provider);
  if (!script) return Error("new: no provider of that name; there are " + ProviderList());
  return std::move(*script);
}

Result<std::string> AnswersPage(const std::string& name) {
  std::string text;
  for (const ProviderAnswers& provider : BuiltinAnswers()) {
    if (name.empty() || name == provider.provider) text += ListOf(provider);
  }
  if (!text.empty()) return text;
  const AnswerEntry entry = FindAnswer(name);
  if (entry.answer == nullptr)
    return Error("answers: \"" + config::Printable(name) + "\" " + UnknownAnswer(name));
  return Shown(entry);
}

}  // namespace keywalk::mock
