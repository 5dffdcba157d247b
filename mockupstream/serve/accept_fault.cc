#include "mockupstream/serve/accept_fault.h"

#include <array>
#include <string>

#include "mockupstream/serve/pause.h"

namespace keywalk::mock {
namespace {

// A client that takes nothing is not waited for.
constexpr std::chrono::seconds kWriteTime{30};

}  // namespace

Awaitable<void> AcceptFault::Handle(io::Stream& stream, Cancellation& gone) {
  const Fault& fault = *turn_.fault();
  if (fault.kind == Fault::Kind::kReset) {
    Fire();
    stream.Reset();
  } else if (fault.kind == Fault::Kind::kStall) {
    Fire();
    co_await Pause(context_, max_stall_, gone);
  } else if (fault.kind == Fault::Kind::kGarbage) {
    const std::array<asio::const_buffer, 1> bytes{asio::buffer(*fault.bytes)};
    stream.ExpiresAfter(kWriteTime);
    const io::IoResult sent = co_await stream.Write(bytes);
    if (sent.ok()) Fire();
  } else {
    Fire();  // a close: that is what comes of returning
  }
}

void AcceptFault::Fire() {
  turn_.Fire();
  on_fired_();
}

}  // namespace keywalk::mock
