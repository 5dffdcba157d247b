// The mock's script: credential lanes, each a sequence of steps (DESIGN idea 3).
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_reader.h"
#include "keywalk/headers.h"
#include "keywalk/result.h"
#include "mockupstream/model/key_model_json.h"
#include "mockupstream/script/connection_script.h"
#include "mockupstream/script/fault.h"
#include "mockupstream/script/matcher.h"

namespace keywalk::mock {

// One Server-Sent Event.
struct SseEvent {
  std::string event;  // empty: no event field
  std::string data;
  std::chrono::milliseconds delay{0};  // before it is sent
};

struct AnswerSpec;  // provider_answers.h

// One answer.
struct ScriptStep {
  int status = 200;
  Headers headers;
  std::shared_ptr<const std::string> body;  // null: empty
  std::vector<SseEvent> sse;                // not empty: an event stream, no body
  std::chrono::milliseconds delay{0};       // before the head
  bool chunked = false;
  Headers trailers;      // need chunked
  bool early = false;    // answers before it reads the request's body
  bool endless = false;  // the body is repeated until the client goes away
  std::size_t times = 1;
  std::optional<Fault> fault;
  // Not null: status, content and further headers are rendered when it is served (RenderStep).
  std::shared_ptr<const AnswerSpec> respond;
};

// What a lane does after its last step.
enum class AtEnd : std::uint8_t {
  kFailLoud,  // answers 599 "lane exhausted" and the journal entry has no step
  kRepeatLast,
  kLoop,
};

std::string_view ToString(AtEnd at_end);

// Steps, one after another.
struct StepSequence {
  std::vector<ScriptStep> steps;
  AtEnd at_end = AtEnd::kRepeatLast;
};

// Steps for the requests that match.
struct Route : StepSequence {
  std::string name;  // for the journal; its index in the lane if the script gives none
  RequestMatch match;
};

struct Chaos;  // chaos.h

struct Lane : StepSequence {
  std::string name;                    // for the journal; the masked key if the script gives none
  std::vector<Route> routes;           // the first that matches serves; none: the lane's own steps
  std::shared_ptr<const Chaos> chaos;  // the lane's, else the script's; null: none
  // Admits the lane's requests, or refuses them, before a step is taken.
  std::optional<LaneModel> model;
};

// True if the request's body must be known before a step is taken: a route or the model asks it.
bool ReadsBodyFirst(const Lane& lane);
// True if the step answers, or fails, before the request's body has been read.
bool AnswersBeforeBody(const ScriptStep& step);

// Of a default lane without a name of its own.
inline constexpr std::string_view kDefaultLaneName = "default";

struct Script {
  std::map<std::string, Lane, std::less<>> lanes;  // by key
  std::optional<Lane> default_lane;                // for any other key, and for none
  ConnectionScript connections;                    // no steps: all are served
};

// Parses a script file's text; problems name the source, the pointer and what was expected, and
// keys by their masked hints only.
Result<Script> ParseScript(std::string_view json, std::string_view source);

// One lane or step of a larger document (a fixture). `default_at_end` is what it is without at_end.
Lane ReadLane(const nlohmann::json& value, std::string pointer, AtEnd default_at_end,
              config::JsonProblems& problems);

// The content members of an object (json, text, base64, bytes: fixtures/README.md), or nullopt.
// More than one is a problem.
std::optional<std::string> ReadContent(config::ObjectReader& object);

// `size` bytes of the fixed pattern: byte(i) = (i * 31 + i / 256) mod 256.
std::string PatternBytes(std::size_t size);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_H_
