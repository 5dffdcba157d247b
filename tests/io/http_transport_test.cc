// Goal: the transport sends what it is given, reuses connections, keeps its time limits, and tells
// a definite answer from none. Method: real sockets against servers in the same process.
#include "keywalk/http_transport.h"

#include <gtest/gtest.h>

#include <boost/asio/this_coro.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/http_transport.h"
#include "tests/io/transport_harness.h"

namespace keywalk {
namespace {

using io::ServerExchange;
using testing::Echo;
using testing::ExpectCancellable;
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

TEST(HttpTransportTest, SendsBodiesOfEverySizeAndReusesTheConnection) {
  ServerThread server(Echo);
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  for (const std::size_t size : {0u, 1u, 1000u, 65'536u, 16u << 20}) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 256);
    Request request;
    request.method = "POST";
    request.recorded_body = Recorded(text);
    const Outcome outcome = RoundTrip(io, *transport, request);
    EXPECT_FALSE(outcome.failure) << outcome.message;
    EXPECT_TRUE(outcome.body == text) << size;
    EXPECT_EQ(outcome.headers.Find("X-Length"), std::to_string(size));
    EXPECT_EQ(outcome.headers.Find("X-Coding"), "-");
    EXPECT_EQ(outcome.headers.Find("X-Host"), "localhost:" + std::to_string(server.port()));
    EXPECT_EQ(outcome.headers.Find("X-Connection"), "1");
  }
}

// What the memory for bodies has no room for, and be it one byte, comes from a file.
TEST(HttpTransportTest, SendsWhatIsRecordedInAFile) {
  ServerThread server(Echo);
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  for (const std::uint64_t budget : {0u, 65'536u}) {
    for (const std::size_t size : {1u, 16'000u, 66'000u, 1'000'000u}) {
      const auto body = std::make_shared<RecordedBody>(0, std::make_shared<BodyMemory>(budget));
      std::string text(size, '\0');
      for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 256);
      ASSERT_FALSE(body->Append(text));
      Request request;
      request.method = "POST";
      request.recorded_body = body;
      const Outcome outcome = RoundTrip(io, *transport, request);
      EXPECT_TRUE(outcome.body == text) << size << " bytes, of " << budget << outcome.message;
      EXPECT_EQ(outcome.headers.Find("X-Connection"), "1");
    }
  }
}

// No name server answers for it, so this fails where the name is looked up.
TEST(HttpTransportTest, NamesUnderLocalhostAreNotLookedUp) {
  ServerThread server(Echo);
  IoRunner io;
  HttpTransportOptions options = OptionsFor(server.port());
  options.base.host = "a-name-nobody-has.localhost";
  const auto transport = TransportFor(io, std::move(options));
  const Outcome outcome = RoundTrip(io, *transport, Request());
  EXPECT_EQ(outcome.status, 200) << outcome.message;
}

TEST(HttpTransportTest, StreamsABodyOfUnknownLengthChunked) {
  ServerThread server(Echo);
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  for (const bool known : {true, false}) {
    Request request;
    request.method = "POST";
    request.stream_body = std::make_shared<PiecesBody>(
        std::vector<std::string>{"one", std::string(100'000, 'x'), "three"}, known);
    const Outcome outcome = RoundTrip(io, *transport, request);
    EXPECT_FALSE(outcome.failure) << outcome.message;
    EXPECT_EQ(outcome.body, "one" + std::string(100'000, 'x') + "three");
    EXPECT_EQ(outcome.headers.Find("X-Coding"), known ? "-" : "chunked");
    EXPECT_EQ(outcome.headers.Find("X-Connection"), "1");
  }
}

TEST(HttpTransportTest, ABodyThatFailsIsTheRequestsFault) {
  ServerThread server(Echo);
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  Request request;
  request.method = "POST";
  request.stream_body = std::make_shared<PiecesBody>(std::vector<std::string>{"half"}, false, true);
  EXPECT_EQ(RoundTrip(io, *transport, request).failure, Kind::kRequestBody);
}

TEST(HttpTransportTest, InterimResponsesAreSkippedAndTrailersKept) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    io::Stream& raw = exchange.TakeOver();
    const std::string text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nX-End: 3\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n";
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(text)};
    co_await raw.Write(buffers);
  });
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  const Outcome outcome = RoundTrip(io, *transport, Request());
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body, "hi");
  EXPECT_EQ(outcome.trailers.Find("X-Sum"), "1");
  EXPECT_FALSE(outcome.headers.Contains("X-Hop")) << "a hop-by-hop field";
  EXPECT_FALSE(outcome.headers.Contains("Link"));
  EXPECT_EQ(outcome.headers.size(), 2u) << "both X-End fields";
}

TEST(HttpTransportTest, AnEarlyAnswerToALargeUploadCounts) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.Respond(401, none, "no");  // the body is not read
  });
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  Request request;
  request.method = "POST";
  request.recorded_body = Recorded(std::string(32u << 20, 'x'));
  const Outcome outcome = RoundTrip(io, *transport, request);
  EXPECT_EQ(outcome.status, 401) << outcome.message;
  EXPECT_EQ(outcome.body, "no");
}

TEST(HttpTransportTest, FailuresAreToldApart) {
  IoRunner io;
  std::uint16_t unused = 0;
  {
    ServerThread gone(Echo);
    unused = gone.port();
  }
  EXPECT_EQ(RoundTrip(io, *TransportFor(io, OptionsFor(unused)), Request()).failure,
            Kind::kConnect);

  const auto scripted = [](const char* text) {
    return [text](ServerExchange& exchange) -> Awaitable<void> {
      io::Stream& raw = exchange.TakeOver();
      const std::array<asio::const_buffer, 1> buffers{asio::buffer(std::string_view(text))};
      co_await raw.Write(buffers);
    };
  };
  ServerThread closing(scripted(""));
  EXPECT_EQ(RoundTrip(io, *TransportFor(io, OptionsFor(closing.port())), Request()).failure,
            Kind::kReset);
  ServerThread garbage(scripted("SSH-2.0-OpenSSH_9\r\n\r\n"));
  EXPECT_EQ(RoundTrip(io, *TransportFor(io, OptionsFor(garbage.port())), Request()).failure,
            Kind::kProtocol);
  ServerThread cut(scripted("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  const Outcome outcome = RoundTrip(io, *TransportFor(io, OptionsFor(cut.port())), Request());
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body, "half");
  EXPECT_TRUE(outcome.failure.has_value());
  ServerThread upgrade(scripted("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  EXPECT_EQ(RoundTrip(io, *TransportFor(io, OptionsFor(upgrade.port())), Request()).failure,
            Kind::kProtocol);
}

// Reads the request, then answers nothing until the client goes.
Awaitable<void> Stall(ServerExchange& exchange) {
  const std::shared_ptr<BodySource> body = exchange.body();
  Awaitable<std::string> reading = ReadAll(*body);
  co_await std::move(reading);
  io::SteadyTimer timer(co_await asio::this_coro::executor,
                        std::chrono::steady_clock::time_point::max());
  const Cancellation::Scope scope(exchange.client_gone(), [&timer] { timer.cancel(); });
  exchange.WatchClient();
  co_await timer.async_wait(kAwaitTuple);
}

TEST(HttpTransportTest, TimeLimitsHold) {
  ServerThread server(Stall);
  IoRunner io;
  HttpTransportOptions options = OptionsFor(server.port());
  options.response_head_timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(RoundTrip(io, *TransportFor(io, options), Request()).failure, Kind::kTimeout);

  ServerThread half([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.StartResponse(200, "", none, 10);
    co_await exchange.WriteBody("half");
    Awaitable<void> stall = Stall(exchange);
    co_await std::move(stall);
  });
  options = OptionsFor(half.port());
  options.idle_timeout = std::chrono::milliseconds(50);
  const Outcome outcome = RoundTrip(io, *TransportFor(io, options), Request());
  EXPECT_EQ(outcome.body, "half");
  EXPECT_EQ(outcome.failure, Kind::kTimeout);
}

// A client that says nothing until its own limit has passed.
class SilentBody final : public BodySource {
 public:
  explicit SilentBody(std::chrono::milliseconds limit) : limit_(limit) {}
  std::optional<std::uint64_t> size() const override { return 10; }
  Awaitable<BodyChunk> Read() override {
    const Executor executor = co_await asio::this_coro::executor;
    io::SteadyTimer silence(executor, limit_);
    co_await silence.async_wait(kAwaitTuple);
    co_return BodyChunk(TransportError(Kind::kTimeout, asio::error::timed_out, "the client"));
  }
  void Cancel() override {}
  const Headers& trailers() const override { return none_; }

 private:
  const std::chrono::milliseconds limit_;
  const Headers none_;
};

TEST(HttpTransportTest, AClientThatIsSilentIsNotTheUpstreamsFault) {
  ServerThread server(Echo);
  IoRunner io;
  HttpTransportOptions options = OptionsFor(server.port());
  options.idle_timeout = std::chrono::milliseconds(100);
  const auto transport = TransportFor(io, std::move(options));
  Request request;
  request.method = "POST";
  request.stream_body = std::make_shared<SilentBody>(std::chrono::milliseconds(130));
  EXPECT_EQ(RoundTrip(io, *transport, request).failure, Kind::kRequestBody);
}

TEST(HttpTransportTest, ALimitForTheWholeBodyHoldsWhateverComesWhen) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.StartResponse(200, "", none, std::nullopt);
    io::SteadyTimer pause(co_await asio::this_coro::executor);
    error_code gone;
    while (!gone) {  // never silent for long
      pause.expires_after(std::chrono::milliseconds(5));
      co_await pause.async_wait(kAwaitTuple);
      gone = co_await exchange.WriteBody("more");
    }
  });
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  std::optional<Kind> failure;
  io.Run([](Transport& via, std::optional<Kind>& seen) -> Awaitable<void> {
    Cancellation cancel;
    const Request request;
    RoundTripResult result = co_await via.RoundTrip(request, cancel);
    if (!result.ok()) co_return;
    result->body->LimitTime(std::chrono::milliseconds(50));
    while (!seen) {
      const BodyChunk chunk = co_await result->body->Read();
      if (chunk.failed()) seen = chunk.error().kind;
    }
  }(*transport, failure));
  EXPECT_EQ(failure, Kind::kTimeout);
}

TEST(HttpTransportTest, CancellingEndsTheAttempt) {
  ServerThread server(Stall);
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  ExpectCancellable(io, *transport, std::chrono::milliseconds(20));
}

TEST(HttpTransportTest, DiscardKeepsAShortBodysConnectionAndDropsALongOnes) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    Headers headers;
    headers.Add("X-Connection", std::to_string(exchange.connection_id()));
    const std::size_t size = exchange.head().target == "/long" ? 1'000'000 : 100;
    co_await exchange.Respond(429, headers, std::string(size, 'x'));
  });
  IoRunner io;
  const auto transport = TransportFor(io, OptionsFor(server.port()));
  std::vector<std::string> connections;
  io.Run([](Transport& via, std::vector<std::string>& seen) -> Awaitable<void> {
    for (const char* target : {"/", "/", "/long", "/"}) {
      Request request;
      request.target = target;
      Cancellation cancel;
      RoundTripResult result = co_await via.RoundTrip(request, cancel);
      if (!result.ok()) co_return;
      seen.emplace_back(result->headers.Find("X-Connection").value_or(""));
      const DiscardLimits limits;
      co_await result->body->Discard(limits);
    }
  }(*transport, connections));
  EXPECT_EQ(connections, (std::vector<std::string>{"1", "1", "1", "2"}));
}

}  // namespace
}  // namespace keywalk
