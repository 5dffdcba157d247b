// Serves one step of a lane on a connection: delay, head, body, and the fault at its place.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_ANSWER_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_ANSWER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "mockupstream/journal/journal.h"
#include "mockupstream/script/script.h"
#include "mockupstream/serve/fault_runner.h"
#include "mockupstream/serve/pace.h"

namespace keywalk::mock {

// How serving a step ended.
class AnswerOutcome {
 public:
  AnswerOutcome() = default;

  int status = 0;  // of the head that was sent; 0 if none was
  bool answered = false;
  FaultState fault = FaultState::kNone;
};

// True if the step is no more than a whole answer at once: no wait, no pieces, no fault.
bool IsPlain(const ScriptStep& step);
// Sends it, without the coroutines that the other steps need. Everything given outlives the answer.
Awaitable<io::error_code> RespondPlain(io::ServerExchange& exchange, const ScriptStep& step);

// Used for one answer on the thread of its connection. Everything given outlives the answer.
class StepAnswer {
 public:
  // A fault in the request is not the answer's: it is none here.
  StepAnswer(const FaultScene& scene, io::ServerExchange& exchange, const ScriptStep& step);

  Awaitable<AnswerOutcome> Run();

 private:
  bool pauses() const;
  bool has_body() const;
  // True if one call of Respond() does it all.
  bool plain() const;
  // The fault lets the body go wrong, so there must be one.
  bool BreaksBody() const;
  // The head goes out in parts.
  bool SplitsHead() const;
  std::optional<std::uint64_t> StatedLength() const;
  std::uint64_t TrueLength() const;

  // These are false once the answer is over: a fault ended it, the client is gone, the server
  // stops.
  Awaitable<bool> Serve();
  // The answer has come to this place: the fault happens if it is there.
  Awaitable<bool> Reach(Fault::At place);
  Awaitable<bool> Happen();
  Awaitable<bool> SendHead();
  Awaitable<bool> SendSplitHead(std::optional<std::uint64_t> length);
  Awaitable<bool> SendBody();
  Awaitable<bool> SendPieces(std::string_view body);
  Awaitable<bool> SendEvents();
  Awaitable<bool> SendEvent(std::size_t number);
  Awaitable<bool> SendEndless();
  // A piece of the body, with the fault in it if its place is there.
  Awaitable<bool> SendPiece(std::string_view bytes);

  // How bytes go out. kBody: in the body's framing; kRaw: as they are.
  enum class Framing : std::uint8_t { kBody, kRaw };
  // At the pace of a drip once it has begun.
  Awaitable<bool> Write(std::string_view bytes, Framing framing);
  Awaitable<bool> WriteOnce(std::string_view bytes, Framing framing);

  // What comes in place of the rest of the answer.
  Awaitable<bool> BreakChunk();
  Awaitable<bool> SendErrorEvent();
  Awaitable<bool> GoOnForEver();
  std::string EndlessBlock() const;

  io::ServerExchange& exchange_;
  const ScriptStep& step_;
  FaultRunner fault_;
  std::uint64_t until_fault_ = 0;  // body bytes still to send before a fault in the body
  bool at_fault_in_body_ = false;  // it has been reached
  bool body_over_ = false;         // what is left of it is not sent
  Framing body_framing_ = Framing::kBody;
  std::optional<Pace> drip_;  // set once a drip has begun
  AnswerOutcome outcome_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_ANSWER_H_
