// Lets the fault of one exchange happen, and knows whether it has.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_FAULT_RUNNER_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_FAULT_RUNNER_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "mockupstream/journal/journal.h"
#include "mockupstream/script/fault.h"

namespace keywalk::mock {

// Where faults happen: what all of a server's answers have in common.
class FaultScene {
 public:
  // `on_fired`, which may be empty, is called once, when a fault has happened or begun to, with the
  // status of the head that was sent before; 0 if none was.
  FaultScene(asio::io_context& context, std::chrono::milliseconds max_stall,
             std::function<void(int)> on_fired)
      : context(context), max_stall(max_stall), on_fired(std::move(on_fired)) {}

  asio::io_context& context;
  const std::chrono::milliseconds max_stall;
  const std::function<void(int)> on_fired;
};

// Used for one exchange on the thread of its connection. Everything given outlives it.
class FaultRunner {
 public:
  // `fault` null: there is none.
  FaultRunner(const FaultScene& scene, io::ServerExchange& exchange, const Fault* fault)
      : scene_(scene), exchange_(exchange), fault_(fault) {}

  bool Is(Fault::At at) const { return fault_ != nullptr && fault_->at == at; }
  bool Is(Fault::Kind kind) const { return fault_ != nullptr && fault_->kind == kind; }
  // REQUIRES: there is one, as for all that follows
  const Fault& fault() const { return *fault_; }

  // The kinds that need nothing of what is sent: close, reset, stall, garbage, interim. False: the
  // connection is over.
  Awaitable<bool> Strike();

  // A head with this status has been sent.
  void set_status(int status) { status_ = status; }

  // It has happened, in another way than by Strike().
  void Fire();
  // Sends these bytes past all framing and has fired if they went out. False: they did not.
  Awaitable<bool> FireRaw(std::string_view bytes);

  // Waits that long. False if the client leaves meanwhile, or the server stops.
  Awaitable<bool> Wait(std::chrono::milliseconds time);

  // How it ended, once it can happen no more; none without a fault.
  FaultState state() const;

 private:
  Awaitable<bool> SendInterim();

  const FaultScene& scene_;
  io::ServerExchange& exchange_;
  const Fault* const fault_;
  int status_ = 0;
  bool fired_ = false;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_FAULT_RUNNER_H_
