// Serves one step of a lane on a connection: delay, head, body, and the fault at its place.
#ifndef KEYWALK_MOCKUPSTREAM_ANSWER_H_
#define KEYWALK_MOCKUPSTREAM_ANSWER_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "mockupstream/journal.h"
#include "mockupstream/script.h"

namespace keywalk::mock {

// How serving a step ended.
class AnswerOutcome {
 public:
  AnswerOutcome() = default;

  int status = 0;  // of the head that was sent; 0 if none was
  bool answered = false;
  FaultState fault = FaultState::kNone;
};

// Used for one answer on the thread of its connection. Everything given outlives the answer.
class StepAnswer {
 public:
  // A stall ends after `max_stall`, if the client does not go away before.
  StepAnswer(asio::io_context& context, io::ServerExchange& exchange, const ScriptStep& step,
             std::chrono::milliseconds max_stall);

  Awaitable<AnswerOutcome> Run();

 private:
  bool FaultAt(Fault::At at) const { return step_.fault && step_.fault->at == at; }
  bool pauses() const;
  bool has_body() const;
  // True if one call of Respond() does it all.
  bool plain() const;

  Awaitable<bool> Wait(std::chrono::milliseconds time);
  Awaitable<bool> SendHead();
  // These are false once the answer is over: a fault fired, the client is gone, the server stops.
  Awaitable<bool> SendBody();
  Awaitable<bool> SendPieces(std::string_view body);
  Awaitable<bool> SendEvents();
  Awaitable<bool> SendEndless();
  Awaitable<bool> SendPiece(std::string_view bytes);
  Awaitable<void> Fail();

  asio::io_context& context_;
  io::ServerExchange& exchange_;
  const ScriptStep& step_;
  const std::chrono::milliseconds max_stall_;
  std::uint64_t until_fault_ = 0;  // body bytes still to send before a fault in the body
  AnswerOutcome outcome_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ANSWER_H_
