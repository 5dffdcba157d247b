#include "mockupstream/pause.h"

#include <tuple>

namespace keywalk::mock {

Awaitable<bool> Pauser::Wait(std::chrono::milliseconds time, Cancellation& client_gone) {
  if (stopped_ || client_gone.requested()) co_return false;
  io::SteadyTimer timer(context_.get_executor(), time);
  const Cancellation::Scope scope(client_gone, [&timer] { timer.cancel(); });
  waiting_.insert(&timer);
  // Whether the timer was cancelled is not asked: it may have expired just before.
  co_await timer.async_wait(kAwaitTuple);
  waiting_.erase(&timer);
  co_return !stopped_ && !client_gone.requested();
}

void Pauser::Stop() {
  stopped_ = true;
  for (io::SteadyTimer* timer : waiting_) timer->cancel();
}

}  // namespace keywalk::mock
