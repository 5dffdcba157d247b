// Goal: the connection in memory that other tests stand on behaves as a socket does.
// Method: both ends by hand, the io_context polled.
#include "tests/support/memory_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <exception>
#include <optional>
#include <string>

namespace keywalk::testing {
namespace {

// One read, under way until the context is polled often enough.
class Reading {
 public:
  Reading(asio::io_context& context, io::Stream& stream) {
    asio::co_spawn(context.get_executor(), Read(stream, *this), [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
  }
  std::optional<io::IoResult> result;
  std::string bytes;

 private:
  static Awaitable<void> Read(io::Stream& stream, Reading& self) {
    std::array<char, 4> buffer;
    const io::IoResult got = co_await stream.ReadSome(asio::buffer(buffer));
    self.bytes.assign(buffer.data(), got.bytes);
    self.result = got;
  }
};

class MemoryStreamTest : public ::testing::TestWithParam<bool> {
 protected:
  MemoryStreamTest()
      : connection(MemoryConnection::Open(context, {3, GetParam()})),
        stream(MemoryConnection::NearEndOf(connection)) {}

  error_code WriteAbc() {
    error_code code = asio::error::would_block;
    asio::co_spawn(context.get_executor(), Write(*stream, code), [](std::exception_ptr) {});
    context.restart();
    context.poll();
    return code;
  }

  asio::io_context context;
  const std::shared_ptr<MemoryConnection> connection;
  const std::unique_ptr<io::Stream> stream;

 private:
  static Awaitable<void> Write(io::Stream& to, error_code& code) {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer("ab", 2), asio::buffer("c", 1)};
    const io::IoResult sent = co_await to.Write(buffers);
    code = sent.code;
  }
};

TEST_P(MemoryStreamTest, ReadsWaitForBytesAndGetThemInPieces) {
  Reading first(context, *stream);
  context.poll();
  EXPECT_TRUE(connection->is_read());
  EXPECT_FALSE(first.result);
  connection->Send("abcde");
  context.poll();
  EXPECT_EQ(first.bytes, "abc");
  connection->Finish();
  context.restart();
  Reading second(context, *stream);
  context.poll();
  EXPECT_EQ(second.bytes, "de");
  context.restart();
  Reading third(context, *stream);
  context.poll();
  ASSERT_TRUE(third.result);
  EXPECT_EQ(third.result->code, asio::error::eof);
}

TEST_P(MemoryStreamTest, ADeadlineEndsWhatWaits) {
  Reading reading(context, *stream);
  context.poll();
  EXPECT_FALSE(connection->Expire());
  stream->ExpiresAfter(std::chrono::milliseconds(1));
  EXPECT_TRUE(connection->Expire());
  context.poll();
  ASSERT_TRUE(reading.result);
  EXPECT_EQ(reading.result->code, asio::error::timed_out);
  EXPECT_TRUE(context.stopped()) << "nothing is left to be done";
}

TEST_P(MemoryStreamTest, ClosingEndsAReadWithoutBytes) {
  Reading reading(context, *stream);
  context.poll();
  stream->Close();
  connection->Send("late");
  context.poll();
  ASSERT_TRUE(reading.result);
  EXPECT_EQ(reading.result->code, asio::error::operation_aborted);
  EXPECT_TRUE(connection->closed());
}

TEST_P(MemoryStreamTest, ACloseIsAResetWhileThatIsAskedFor) {
  stream->ResetOnClose(true);
  stream->ResetOnClose(false);
  stream->Close();
  EXPECT_FALSE(connection->was_reset());

  const auto broken_off = MemoryConnection::Open(context);
  MemoryConnection::NearEndOf(broken_off)->ResetOnClose(true);  // and it is destroyed
  EXPECT_TRUE(broken_off->was_reset());

  const auto crashed = MemoryConnection::Open(context);
  MemoryConnection::NearEndOf(crashed)->Reset();
  EXPECT_TRUE(crashed->was_reset());
}

TEST_P(MemoryStreamTest, WhatIsWrittenArrivesAndABreakIsSeen) {
  const error_code arrived = WriteAbc();
  EXPECT_FALSE(arrived);
  EXPECT_EQ(connection->received(), "abc");
  connection->Break(asio::error::connection_reset);
  EXPECT_EQ(WriteAbc(), asio::error::connection_reset);
  EXPECT_EQ(connection->received(), "abc");
}

INSTANTIATE_TEST_SUITE_P(Immediate, MemoryStreamTest, ::testing::Bool());

}  // namespace
}  // namespace keywalk::testing
