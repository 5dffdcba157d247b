// Connections without sockets or real time, for tests in which every step must come in the same
// order each time: two ends in one io_context, with deadlines that pass when the test says so.
#ifndef KEYWALK_TESTS_SUPPORT_STREAM_PAIR_H_
#define KEYWALK_TESTS_SUPPORT_STREAM_PAIR_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "io/deadline.h"
#include "io/stream.h"
#include "keywalk/awaitable.h"

namespace keywalk::testing {

// The time of paired streams. Outlives them.
class VirtualTime {
 public:
  using Milliseconds = std::chrono::milliseconds;

  class Entry {
   public:
    explicit Entry(VirtualTime& time);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    void ExpiresIn(Milliseconds time) { at_ = time_.now_ + time; }
    void NeverExpires() { at_ = Milliseconds::max(); }

   protected:
    ~Entry();
    virtual void OnExpired() = 0;

   private:
    friend class VirtualTime;
    VirtualTime& time_;
    Milliseconds at_ = Milliseconds::max();
  };

  Milliseconds now() const { return now_; }

  // Runs when everything else has come to rest, before any deadline passes.
  void WhenAtRest(std::function<void()> task) { at_rest_.push_back(std::move(task)); }
  Awaitable<void> WaitForRest(Executor executor);
  bool anything_waits_for_rest() const { return !at_rest_.empty(); }

  // To be called when the io_context has nothing left to do: goes on with what waits for that, or
  // else moves on to the next deadline. False if there is neither.
  bool GoOn();

 private:
  Milliseconds now_{0};
  std::vector<Entry*> entries_;
  std::vector<std::function<void()>> at_rest_;
};

struct StreamPairOptions {
  std::size_t capacity = 16 * 1024;  // bytes on their way, each direction; more makes writers wait
  // False: TryRead() and TryWrite() do nothing, as over TLS.
  bool can_try = true;
};

// The two ends of a connection. What one writes the other can read, also after the first has
// closed in order; Reset() loses what is on its way.
std::pair<std::unique_ptr<io::Stream>, std::unique_ptr<io::Stream>> MakeStreamPair(
    asio::io_context& context, VirtualTime& time, StreamPairOptions options);

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_STREAM_PAIR_H_
