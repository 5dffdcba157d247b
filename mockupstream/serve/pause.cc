#include "mockupstream/serve/pause.h"

#include "io/deadline.h"

namespace keywalk::mock {

Awaitable<bool> Pause(asio::io_context& context, std::chrono::milliseconds time,
                      Cancellation& client_gone) {
  if (client_gone.requested()) co_return false;
  io::SteadyTimer timer(context.get_executor(), time);
  const Cancellation::Scope scope(client_gone, [&timer] { timer.cancel(); });
  // Whether the timer was cancelled is not asked: it may have expired just before.
  co_await timer.async_wait(kAwaitTuple);
  co_return !client_gone.requested();
}

}  // namespace keywalk::mock
