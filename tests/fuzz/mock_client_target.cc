// Goal: whatever a client sends, the mock answers from its script or refuses, shows no key of the
// script, and has nothing left running in the end, its admin pages included.
// Method: the server and the handler that the mock runs, over a connection in memory.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "mockupstream/mock_handler.h"
#include "mockupstream/mock_state.h"
#include "mockupstream/script/script.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_connector.h"
#include "tests/fuzz/server_run.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

// Lanes without delays, so that nothing waits for real time.
std::string ScriptText() {
  return R"({"schema_version": "1.0", "lanes": {")" + std::string(kFirstKey) + R"(": {"steps": [
      {"status": 429, "headers": {"Retry-After": "1"}}, {"status": 200, "text": "ok"}],
      "at_end": "loop"}, ")" +
         std::string(kSecondKey) + R"(": {"routes": [
      {"match": {"method": "POST", "json": {"stream": true}}, "steps": [{"sse": [{"data": "1"},
        {"event": "end", "data": "[DONE]"}]}]},
      {"match": {}, "steps": [{"respond": "openai.success"}]}]}},
    "default_lane": {"steps": [{"status": 200, "json": {"a": 1}},
      {"status": 200, "bytes": 5000, "chunked": true, "trailers": {"X-Sum": "1"}},
      {"status": 503, "text": "early", "early": true}, {"respond": "openai.rate_limited"}],
      "at_end": "loop"}})";
}

mock::Script MakeScript() {
  static const std::string kText = ScriptText();
  Result<mock::Script> script = mock::ParseScript(kText, "script");
  if (!script) Expect(false, "the script of this target is one", script.error().message());
  return *std::move(script);
}

mock::HandlerOptions MockOptions() {
  mock::HandlerOptions options;
  options.body.max_bytes = 1 << 20;
  options.body.keep_bytes = 64;
  options.max_stall = std::chrono::milliseconds(1000);
  options.serve_admin = true;
  options.tail_ping = std::chrono::milliseconds(15'000);
  return options;
}

// As OpenAI's 404 does, an answer of that kind tells the client the target that it sent.
std::string WithoutToldTargets(std::string text) {
  constexpr std::string_view kBegin = "Invalid URL (";
  constexpr std::string_view kEnd = R"(","type")";
  for (std::size_t at = text.find(kBegin); at != text.npos; at = text.find(kBegin, at + 1)) {
    text.erase(at, std::min(text.find(kEnd, at), text.size()) - at);
  }
  return text;
}

}  // namespace

void FuzzMockClient(std::string_view input) {
  constexpr testing::MemoryStreamOptions kPieces{5, false};
  for (const testing::MemoryStreamOptions& options : {testing::MemoryStreamOptions(), kPieces}) {
    asio::io_context context;
    mock::MockState state(MakeScript(), {100, 1 << 20}, 4);
    {
      mock::MockHandler handler(context, state, MockOptions());
      ServerRun run(context, handler, options);
      run.Serve(input, [] {});
      // A script that came with the input may answer in any way at all.
      if (input.find("script") == input.npos) {
        ExpectNoKeyOf(input, WithoutToldTargets(run.output()));
        run.Answers();
      }
      Expect(handler.active() == 0, "no request is served any more");
    }
    Settle(context);
    Expect(context.stopped(), "nothing is left to be done");
  }
}

}  // namespace keywalk::fuzz
