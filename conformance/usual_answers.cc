#include "conformance/usual_answers.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "conformance/case_reader.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

json ChatCompletion() {
  return {{"id", "chatcmpl-1"},
          {"object", "chat.completion"},
          {"created", 1767225600},
          {"model", "gpt-4o"},
          {"choices",
           {{{"index", 0},
             {"message", {{"role", "assistant"}, {"content", "Hello"}}},
             {"finish_reason", "stop"}}}},
          {"usage", {{"prompt_tokens", 8}, {"completion_tokens", 1}, {"total_tokens", 9}}}};
}

json Message() {
  return {{"id", "msg_1"},
          {"type", "message"},
          {"role", "assistant"},
          {"model", "claude-sonnet-4-5"},
          {"content", {{{"type", "text"}, {"text", "Hello"}}}},
          {"stop_reason", "end_turn"},
          {"stop_sequence", nullptr},
          {"usage", {{"input_tokens", 8}, {"output_tokens", 1}}}};
}

// OpenAI's `error.type`; Anthropic has the same words for these.
std::string ErrorType(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

bool IsPlaceholder(const json& content) { return content == json{{"ok", true}}; }

// True if the fault leaves the answer's body as it is: it slows down the head, or comes before it.
bool LeavesBodyAlone(const json& fault) {
  const std::string at = fault.value("at", "");
  const std::string kind = fault.value("kind", "");
  return (kind == "drip" || kind == "interim") && at != "after_head" && at != "body" &&
         at != "sse_event";
}

// True if the step says nothing about its body, or only that there is some.
bool LeavesBodyOpen(const json& step) {
  if (step.contains("fault") && !LeavesBodyAlone(step["fault"])) return false;
  for (const char* own : {"endless", "early", "sse", "text", "base64", "bytes", "respond"}) {
    if (step.contains(own)) return false;
  }
  const int status = step.value("status", 200);
  if (status < 200 || status == 204 || status == 304) return false;
  return !step.contains("json") || IsPlaceholder(step["json"]);
}

}  // namespace

json UsualAnswer(std::string_view provider, int status) {
  const bool anthropic = provider == "anthropic";
  if (IsSuccess(status)) return anthropic ? Message() : ChatCompletion();
  const std::string message = "Upstream says " + std::to_string(status);
  json error = {{"message", message}, {"type", ErrorType(status)}};
  if (anthropic) return {{"type", "error"}, {"error", std::move(error)}};
  error["param"] = nullptr;
  error["code"] = nullptr;
  return {{"error", std::move(error)}};
}

Case WithUsualAnswers(const Case& test_case) {
  json source = *test_case.source;
  for (json& lane : source["lanes"]) {
    for (json& step : lane["steps"]) {
      if (!LeavesBodyOpen(step)) continue;
      step["json"] = UsualAnswer(test_case.provider, step.value("status", 200));
    }
  }
  for (json& request : source["requests"]) {
    json& expect = request["expect"];
    const auto response = expect.find("response");
    if (response == expect.end() || !response->contains("json")) continue;
    json& content = (*response)["json"];
    if (IsPlaceholder(content)) content = UsualAnswer(test_case.provider, 200);
  }
  return ReadAgain(test_case, std::move(source));
}

void UseUsualAnswers(Suite& suite) {
  for (Case& test_case : suite.cases) {
    if (test_case.kind != Case::Kind::kOperations) test_case = WithUsualAnswers(test_case);
  }
}

}  // namespace keywalk::conformance
