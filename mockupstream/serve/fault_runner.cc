#include "mockupstream/serve/fault_runner.h"

#include <string>

#include "io/http1_writer.h"
#include "mockupstream/serve/pause.h"

namespace keywalk::mock {

Awaitable<bool> FaultRunner::Strike() {
  switch (fault_->kind) {
    case Fault::Kind::kInterim:
      co_return co_await SendInterim();
    case Fault::Kind::kGarbage:
      co_await FireRaw(*fault_->bytes);
      exchange_.HangUp();
      break;
    case Fault::Kind::kReset:
      Fire();
      exchange_.TakeOver().Reset();
      break;
    case Fault::Kind::kStall:
      Fire();
      co_await Wait(scene_.max_stall);
      exchange_.HangUp();
      break;
    default:
      Fire();
      exchange_.HangUp();
  }
  co_return false;
}

Awaitable<bool> FaultRunner::SendInterim() {
  std::string heads;
  for (const InterimResponse& interim : fault_->interim) {
    io::AppendStatusLine(heads, interim.status, {});
    io::AppendFields(heads, interim.headers);
    heads += "\r\n";
  }
  co_return co_await FireRaw(heads);
}

void FaultRunner::Fire() {
  if (fired_) return;
  fired_ = true;
  if (scene_.on_fired) scene_.on_fired(status_);
}

Awaitable<bool> FaultRunner::FireRaw(std::string_view bytes) {
  const error_code code = co_await exchange_.WriteRaw(bytes);
  if (code) co_return false;
  Fire();
  co_return true;
}

Awaitable<bool> FaultRunner::Wait(std::chrono::milliseconds time) {
  co_return co_await Pause(scene_.context, time, exchange_.client_gone());
}

FaultState FaultRunner::state() const {
  if (fault_ == nullptr) return FaultState::kNone;
  return fired_ ? FaultState::kFired : FaultState::kNotReached;
}

}  // namespace keywalk::mock
