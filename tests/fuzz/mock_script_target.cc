// Goal: a script is refused with its place and reason, keys shown by their hints only, or is one
// whose lanes can be walked and shown without their keys.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "keywalk/headers.h"
#include "mockupstream/lanes/lane_table.h"
#include "mockupstream/lanes/request_facts.h"
#include "mockupstream/script/script.h"
#include "mockupstream/script/script_json.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

constexpr std::string_view kScriptFile = "script.json";

// More steps than most lanes have, so that their ends are seen.
constexpr int kTurns = 12;

void Walk(mock::LaneState& lane) {
  const Headers headers{{"Content-Type", "application/json"}};
  mock::RequestFacts facts("POST", "/v1/chat/completions?x=1", headers);
  facts.set_body(R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  for (int turn = 0; turn < kTurns; ++turn) {
    const mock::LaneState::Turn taken = lane.Take(facts);
    Expect((taken.step == nullptr) == !taken.number, "a step that is taken is counted");
  }
}

}  // namespace

void FuzzMockScript(std::string_view input) {
  Result<mock::Script> script = mock::ParseScript(input, kScriptFile);
  if (!script) {
    ExpectRefusal(script.error().message(), kScriptFile);
    return;
  }
  mock::LaneTable lanes(*std::move(script));
  for (const std::string_view key : {kFirstKey, kSecondKey}) {
    if (const auto lane = lanes.Find(std::string(key))) Walk(*lane);
  }
  const nlohmann::json shown = mock::LanesJson(lanes);
  const std::string text = shown.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  // Only the names of lanes are keys: one that stands in a body alone is as any other text.
  if (lanes.Find(std::string(kFirstKey)) && lanes.Find(std::string(kSecondKey))) {
    ExpectNoKeyOf(input, text);
  }
}

}  // namespace keywalk::fuzz
