// Goal: a connection that is used again carries no request twice that the upstream may have seen,
// and gives no request another one's answer. Method: real sockets, and streams that close on cue.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "io/connector.h"
#include "io/http_transport.h"
#include "tests/io/transport_harness.h"

namespace keywalk {
namespace {

using io::ServerExchange;
using testing::Echo;
using testing::IoRunner;
using testing::Kind;
using testing::OptionsFor;
using testing::Outcome;
using testing::PiecesBody;
using testing::ReadAll;
using testing::Recorded;
using testing::RoundTrip;
using testing::ServerThread;
using testing::TransportFor;

TEST(ReusedConnectionTest, AnIdleConnectionClosedByTheUpstreamIsReplaced) {
  io::ServerOptions short_lived;
  short_lived.keep_alive = std::chrono::milliseconds(30);
  ServerThread server(Echo, short_lived);
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  Request request;
  request.method = "POST";
  request.recorded_body = Recorded("again");
  EXPECT_EQ(RoundTrip(io, *transport, request).headers.Find("X-Connection"), "1");
  while (server.Ask([&] { return server.server().open_connections(); }) > 0) {
    std::this_thread::yield();
  }
  const Outcome outcome = RoundTrip(io, *transport, request);
  EXPECT_EQ(outcome.headers.Find("X-Connection"), "2") << outcome.message;
}

TEST(ReusedConnectionTest, ARequestTheUpstreamHasSeenIsNotRepeated) {
  std::atomic<int> requests{0};
  ServerThread server([&requests](ServerExchange& exchange) -> Awaitable<void> {
    const std::shared_ptr<BodySource> body = exchange.body();
    Awaitable<std::string> reading = ReadAll(*body);
    co_await std::move(reading);
    if (++requests == 2) {
      exchange.TakeOver().Reset();
      co_return;
    }
    const Headers none;
    co_await exchange.Respond(200, none, "ok");
  });
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  Request request;
  request.method = "POST";
  request.recorded_body = Recorded("once");
  EXPECT_EQ(RoundTrip(io, *transport, request).status, 200);
  EXPECT_EQ(RoundTrip(io, *transport, request).failure, Kind::kReset);
  EXPECT_EQ(requests.load(), 2);
}

// A connection whose peer closes while a request is on its way: what no real socket shows on cue.
class ClosingStream final : public io::Stream {
 public:
  ClosingStream(asio::io_context& context, bool acknowledges)
      : context_(context), acknowledges_(acknowledges) {}

  void StartRead(asio::mutable_buffer buffer, std::shared_ptr<io::ReadSink> sink) override {
    io::IoResult got(asio::error::eof, 0);
    if (!std::exchange(answered_, true)) {
      const std::string_view text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      got = io::IoResult({}, asio::buffer_copy(buffer, asio::buffer(text)));
    }
    asio::post(context_, [sink, got] { sink->OnRead(got); });
  }
  Awaitable<io::IoResult> ReadSome(asio::mutable_buffer) override {
    co_return io::IoResult(asio::error::operation_not_supported, 0);
  }
  Awaitable<io::IoResult> Write(std::span<const asio::const_buffer> buffers) override {
    const std::size_t bytes = asio::buffer_size(buffers.front());
    if (!answered_ || acknowledges_) acknowledged_ += bytes;
    co_return io::IoResult({}, bytes);
  }
  void Close() noexcept override {}
  void ShutdownSend() noexcept override {}
  void Reset() noexcept override {}
  void ResetOnClose(bool /*on*/) noexcept override {}
  bool IsStale() noexcept override { return false; }
  std::uint64_t position() const noexcept override { return acknowledged_; }
  bool NothingSeenSince(std::uint64_t position) const noexcept override {
    return acknowledged_ == position;
  }
  void ExpiresAfter(std::chrono::milliseconds) noexcept override {}
  void ExpiresNever() noexcept override {}

 private:
  asio::io_context& context_;
  const bool acknowledges_;
  bool answered_ = false;
  std::uint64_t acknowledged_ = 0;
};

class ClosingConnector final : public io::Connector {
 public:
  ClosingConnector(asio::io_context& context, bool acknowledges, int& opened)
      : context_(context), acknowledges_(acknowledges), opened_(opened) {}
  Awaitable<Result<std::unique_ptr<io::Stream>, TransportError>> Connect(Cancellation&) override {
    ++opened_;
    std::unique_ptr<io::Stream> stream = std::make_unique<ClosingStream>(context_, acknowledges_);
    co_return std::move(stream);
  }

 private:
  asio::io_context& context_;
  const bool acknowledges_;
  int& opened_;
};

// SPEC transport/6: the one repetition below the failover layer.
TEST(ReusedConnectionTest, ACloseThatCrossesTheRequestIsRepeatedOnlyIfNothingArrived) {
  for (const bool acknowledges : {false, true}) {
    IoRunner io;
    int opened = 0;
    const auto transport = io::NewHttpTransport(
        io.context(), OptionsFor(80),
        std::make_unique<ClosingConnector>(io.context(), acknowledges, opened));
    Request request;
    request.method = "POST";
    request.recorded_body = Recorded("pay");
    EXPECT_EQ(RoundTrip(io, *transport, request).status, 200);
    const Outcome second = RoundTrip(io, *transport, request);
    if (acknowledges) {
      EXPECT_EQ(second.failure, Kind::kReset) << "the upstream may have acted on it";
      EXPECT_EQ(opened, 1);
    } else {
      EXPECT_EQ(second.status, 200) << second.message;
      EXPECT_EQ(opened, 2);
    }
  }
}

TEST(ReusedConnectionTest, AHeadThatWaitsForA100IsRepeatedAsWell) {
  IoRunner io;
  int opened = 0;
  HttpTransportOptions options = OptionsFor(80);
  options.expect_continue_bytes = 1;
  options.continue_wait = std::chrono::hours(1);
  const auto transport =
      io::NewHttpTransport(io.context(), std::move(options),
                           std::make_unique<ClosingConnector>(io.context(), false, opened));
  EXPECT_EQ(RoundTrip(io, *transport, Request()).status, 200);
  Request request;
  request.method = "POST";
  request.recorded_body = Recorded("pay");
  EXPECT_EQ(RoundTrip(io, *transport, request).status, 200);
  EXPECT_EQ(opened, 2);
}

// A body that can be given again from its beginning.
class RepeatableBody final : public BodySource {
 public:
  explicit RepeatableBody(int& begun) : begun_(begun) { ++begun_; }
  std::optional<std::uint64_t> size() const override { return 3; }
  Awaitable<BodyChunk> Read() override {
    co_return std::exchange(read_, true) ? BodyChunk() : BodyChunk("pay");
  }
  bool repeatable() const override { return true; }
  std::shared_ptr<BodySource> Again() override { return std::make_shared<RepeatableBody>(begun_); }
  void Cancel() override {}
  const Headers& trailers() const override { return none_; }

 private:
  int& begun_;
  bool read_ = false;
  const Headers none_;
};

TEST(ReusedConnectionTest, AStreamThatCanBeginAnewIsRepeatedAsWell) {
  IoRunner io;
  int opened = 0;
  const auto transport =
      io::NewHttpTransport(io.context(), OptionsFor(80),
                           std::make_unique<ClosingConnector>(io.context(), false, opened));
  EXPECT_EQ(RoundTrip(io, *transport, Request()).status, 200);
  Request request;
  request.method = "POST";
  int begun = 0;
  request.stream_body = std::make_shared<RepeatableBody>(begun);
  const Outcome second = RoundTrip(io, *transport, request);
  EXPECT_EQ(second.status, 200) << second.message;
  EXPECT_EQ(opened, 2);
  EXPECT_EQ(begun, 2);

  request.stream_body = std::make_shared<PiecesBody>(std::vector<std::string>{"once"});
  EXPECT_EQ(RoundTrip(io, *transport, request).failure, Kind::kReset);
}

// It came with the one that was asked for, before anybody could ask for the next.
TEST(ReusedConnectionTest, ASurplusAnswerIsNotTheNextRequests) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const bool first = exchange.connection_id() == 1;
    io::Stream& raw = exchange.TakeOver();
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const std::string text = first ? ok + ok : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh";
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(text)};
    co_await raw.Write(buffers);
    std::array<char, 1> byte;
    co_await raw.ReadSome(asio::buffer(byte));  // open until the client closes
  });
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  EXPECT_EQ(RoundTrip(io, *transport, Request()).body, "ok");
  EXPECT_EQ(RoundTrip(io, *transport, Request()).body, "fresh");
}

}  // namespace
}  // namespace keywalk
