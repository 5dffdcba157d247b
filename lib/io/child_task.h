// A coroutine that runs beside its parent and is always joined: structured concurrency for the few
// places that read and write at once.
#ifndef KEYWALK_IO_CHILD_TASK_H_
#define KEYWALK_IO_CHILD_TASK_H_

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "io/deadline.h"
#include "keywalk/awaitable.h"

namespace keywalk::io {

// Confined to its io_context. What the child refers to must live until Join() has returned, or be
// owned by the child.
class ChildTask {
 public:
  explicit ChildTask(Executor executor) : state_(std::make_shared<State>(executor)) {}
  ChildTask(const ChildTask&) = delete;
  ChildTask& operator=(const ChildTask&) = delete;

  // REQUIRES: !running()
  void Start(Awaitable<void> body) {
    state_->running = true;
    state_->exception = nullptr;
    asio::co_spawn(state_->wake.get_executor(), std::move(body),
                   [state = state_](std::exception_ptr exception) {
                     state->running = false;
                     state->exception = exception;
                     state->wake.cancel();
                   });
  }

  bool running() const { return state_->running; }

  // Waits until the child has ended; rethrows what it threw.
  Awaitable<void> Join() {
    const std::shared_ptr<State> state = state_;
    while (state->running) {
      state->wake.expires_at(std::chrono::steady_clock::time_point::max());
      co_await state->wake.async_wait(kAwaitTuple);
    }
    if (state->exception) std::rethrow_exception(std::exchange(state->exception, nullptr));
  }

 private:
  struct State {
    explicit State(Executor executor) : wake(executor) {}
    SteadyTimer wake;
    bool running = false;
    std::exception_ptr exception;
  };
  // Shared with the child's completion, which may come after the parent was destroyed with its
  // io_context.
  std::shared_ptr<State> state_;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_CHILD_TASK_H_
