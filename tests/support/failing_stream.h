// A stream that fails at its Nth operation, over any other: to run a test once for every N.
#ifndef KEYWALK_TESTS_SUPPORT_FAILING_STREAM_H_
#define KEYWALK_TESTS_SUPPORT_FAILING_STREAM_H_

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "io/stream.h"
#include "keywalk/awaitable.h"

namespace keywalk::testing {

// What becomes of an operation. From kReset on the connection is of no use afterwards.
enum class StreamFault : std::uint8_t {
  kNone,
  kOneByte,    // a read gives one byte, a write that does not wait takes one
  kLate,       // it ends only when nothing else has anything left to do
  kReset,      // both directions fail at once: connection_reset, broken_pipe
  kPartReset,  // a read gives one byte, a write takes half of its bytes; then as kReset
  kEnd,        // reads give the end of the stream, writes broken_pipe
  kClosed,     // as if our own side had called Close() elsewhere
  kBlackHole,  // nothing arrives any more on either side, and nobody is told: deadlines pass
};
std::string_view ToString(StreamFault fault);

inline constexpr std::array kStreamFaults = {
    StreamFault::kOneByte, StreamFault::kLate,   StreamFault::kReset,    StreamFault::kPartReset,
    StreamFault::kEnd,     StreamFault::kClosed, StreamFault::kBlackHole};

// Counts the operations of all streams that share it. Confined to their io_context.
class FaultPlan {
 public:
  // The `at`th operation, counted from 1, gets that fault; 0: none does.
  FaultPlan(std::size_t at, StreamFault fault) : at_(at), fault_(fault) {}

  // An operation begins.
  StreamFault Next();

  std::size_t operations() const { return operations_; }
  bool fired() const { return at_ != 0 && operations_ >= at_; }

  // Called when the fault comes, before it does anything; may be empty.
  std::function<void()> on_fire;
  // Waits until nothing else has anything left to do. Needed by kLate.
  std::function<Awaitable<void>()> rest;

 private:
  const std::size_t at_;
  const StreamFault fault_;
  std::size_t operations_ = 0;
};

// What went through a stream. Outlives it.
struct StreamCounts {
  std::uint64_t read = 0;  // bytes that its user was given
  std::uint64_t written = 0;
  std::size_t open = 0;  // streams that are there
};

// `context` and `counts` outlive the stream.
std::unique_ptr<io::Stream> MakeFailingStream(asio::io_context& context,
                                              std::unique_ptr<io::Stream> inner,
                                              std::shared_ptr<FaultPlan> plan,
                                              StreamCounts& counts);

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_FAILING_STREAM_H_
