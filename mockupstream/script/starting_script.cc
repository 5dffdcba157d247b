#include "mockupstream/script/starting_script.h"

#include "mockupstream/answers/answer_catalogue.h"

namespace keywalk::mock {
namespace {

// PROVIDER stands for the name, KEY0 and KEY1 for keys in the provider's form.
constexpr std::string_view kTemplate = R"({
  "$comment": "Serve: keywalk-mock --script FILE. Check: keywalk-mock validate FILE.",
  "schema_version": "1.0",
  "lanes": {
    "KEY0": {
      "$comment": "The first key. `name` stands for it in the journal.",
      "name": "k0",
      "steps": [
        {
          "$comment": "Twice a 429 as PROVIDER gives it. All: keywalk-mock answers PROVIDER",
          "respond": "PROVIDER.rate_limited",
          "times": 2
        },
        {
          "$comment": "Then it recovers; the last step is repeated.",
          "respond": "PROVIDER.success"
        }
      ]
    },
    "KEY1": {
      "name": "k1",
      "steps": [
        {
          "$comment": "Plain or streamed, as the request asks. `text` is what the model says.",
          "respond": {"answer": "PROVIDER.success", "text": "This is the second key."}
        }
      ]
    }
  },
  "default_lane": {
    "$comment": "Any other key, and requests without one.",
    "steps": [{"respond": "PROVIDER.invalid_key"}]
  }
}
)";

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

// What the provider's keys begin with.
std::string_view KeyPrefix(std::string_view provider) {
  if (provider == "openai") return "sk-";
  if (provider == "anthropic") return "sk-ant-";
  if (provider == "gemini") return "AIza";
  if (provider == "groq") return "gsk_";
  if (provider == "openrouter") return "sk-or-v1-";
  return "";
}

}  // namespace

std::optional<std::string> StartingScript(std::string_view provider) {
  const AnswerEntry known = FindAnswer(provider);
  if (known.provider == nullptr || known.provider->provider != provider) return std::nullopt;
  std::string text(kTemplate);
  const std::string prefix(KeyPrefix(provider));
  ReplaceAll(text, "PROVIDER", provider);
  ReplaceAll(text, "KEY0", prefix + "example-0-aaaaaaaaaaaaaaaaaaaa");
  ReplaceAll(text, "KEY1", prefix + "example-1-bbbbbbbbbbbbbbbbbbbb");
  return text;
}

std::vector<std::string> ProviderNames() {
  std::vector<std::string> names;
  for (const ProviderAnswers& provider : BuiltinAnswers()) names.push_back(provider.provider);
  return names;
}

}  // namespace keywalk::mock
