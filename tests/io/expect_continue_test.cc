// Goal: a large body waits for the upstream's 100 where that is wanted, never for ever, and never
// again where the upstream does not know it. Method: servers that answer 100, nothing, 417 or 401.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/io/transport_harness.h"

namespace keywalk {
namespace {

using io::ServerExchange;
using testing::Echo;
using testing::IoRunner;
using testing::OptionsFor;
using testing::Outcome;
using testing::PiecesBody;
using testing::Recorded;
using testing::RoundTrip;
using testing::ServerThread;
using testing::TransportFor;

constexpr std::uint64_t kThreshold = 1'000;

HttpTransportOptions Expecting(std::uint16_t port, std::chrono::milliseconds wait) {
  HttpTransportOptions options = OptionsFor(port);
  options.expect_continue_bytes = kThreshold;
  options.continue_wait = wait;
  return options;
}

Request Post(std::size_t size) {
  Request request;
  request.method = "POST";
  request.recorded_body = Recorded(std::string(size, 'x'));
  return request;
}

// What a server has seen, request by request.
struct Log {
  std::vector<bool> expected;
  std::string after_answer;  // of the body
  void Add(const ServerExchange& exchange) {
    expected.push_back(exchange.head().headers.HasToken("Expect", "100-continue"));
  }
};

// Answers before the body has come; what of it comes then.
Awaitable<std::string> AnswerAndRead(ServerExchange& exchange, std::string_view text,
                                     std::chrono::milliseconds limit) {
  io::Stream& raw = exchange.TakeOver();
  const std::array<asio::const_buffer, 1> answer{asio::buffer(text)};
  co_await raw.Write(answer);
  raw.ExpiresAfter(limit);
  std::array<char, 8'192> buffer;
  const io::IoResult read = co_await raw.ReadSome(asio::buffer(buffer));
  co_return std::string(buffer.data(), read.bytes);
}

// So long a wait would end the test.
constexpr std::chrono::hours kForEver{1};

TEST(ExpectContinueTest, TheBodyFollowsThe100) {
  Log log;
  ServerThread server([&log](ServerExchange& exchange) -> Awaitable<void> {
    log.Add(exchange);
    Awaitable<void> echo = Echo(exchange);  // whose reading of the body answers 100
    co_await std::move(echo);
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  for (const std::size_t size : {1'000'000u, 1'000u, 999u}) {
    const Outcome outcome = RoundTrip(io, *transport, Post(size));
    EXPECT_EQ(outcome.status, 200) << outcome.message;
    EXPECT_EQ(outcome.body.size(), size);
    EXPECT_EQ(outcome.headers.Find("X-Connection"), "1");
  }
  EXPECT_EQ(log.expected, (std::vector<bool>{true, true, false})) << "from 1,000 bytes on";
}

TEST(ExpectContinueTest, AStreamThatCannotBeSentAgainDoesNotWait) {
  Log log;
  ServerThread server([&log](ServerExchange& exchange) -> Awaitable<void> {
    log.Add(exchange);
    Awaitable<void> echo = Echo(exchange);
    co_await std::move(echo);
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  Request request;
  request.method = "POST";
  request.stream_body =
      std::make_shared<PiecesBody>(std::vector<std::string>{std::string(5'000, 'x')});
  EXPECT_EQ(RoundTrip(io, *transport, request).body.size(), 5'000u);
  EXPECT_EQ(log.expected, (std::vector<bool>{false}));
}

TEST(ExpectContinueTest, AnUpstreamThatSaysNothingGetsTheBodyAndIsNotAskedAgain) {
  Log log;
  ServerThread server([&log](ServerExchange& exchange) -> Awaitable<void> {
    log.Add(exchange);
    // The connection itself, so that no 100 is sent.
    io::Stream& raw = exchange.TakeOver();
    std::size_t got = 0;
    std::array<char, 8'192> buffer;
    while (log.expected.back() && got < 5'000) {
      const io::IoResult read = co_await raw.ReadSome(asio::buffer(buffer));
      if (!read.ok()) co_return;
      got += read.bytes;
    }
    const std::string_view text =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const std::array<asio::const_buffer, 1> answer{asio::buffer(text)};
    co_await raw.Write(answer);
  });
  IoRunner io;
  // Long enough for the server to have taken the head before the body comes, on a busy machine too.
  const auto transport = TransportFor(io, Expecting(server.port(), std::chrono::milliseconds(500)));
  EXPECT_EQ(RoundTrip(io, *transport, Post(5'000)).status, 200);
  EXPECT_EQ(RoundTrip(io, *transport, Post(5'000)).status, 200);
  EXPECT_EQ(log.expected, (std::vector<bool>{true, false}));
}

TEST(ExpectContinueTest, AfterA417TheRequestIsRepeatedWithout) {
  Log log;
  ServerThread server([&log](ServerExchange& exchange) -> Awaitable<void> {
    log.Add(exchange);
    if (log.expected.back()) {
      const Headers none;
      co_await exchange.Respond(417, none, "what?");
      co_return;
    }
    Awaitable<void> echo = Echo(exchange);
    co_await std::move(echo);
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = RoundTrip(io, *transport, Post(100'000));
    EXPECT_EQ(outcome.status, 200) << outcome.message;
    EXPECT_EQ(outcome.body.size(), 100'000u);
  }
  EXPECT_EQ(log.expected, (std::vector<bool>{true, false, false}));
}

TEST(ExpectContinueTest, A417ToARequestThatExpectedNothingIsAnAnswer) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.Respond(417, none, "what?");
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  EXPECT_EQ(RoundTrip(io, *transport, Post(10)).status, 417);
}

TEST(ExpectContinueTest, ARefusalComesBeforeTheBody) {
  Log log;
  ServerThread server([&log](ServerExchange& exchange) -> Awaitable<void> {
    log.Add(exchange);
    // While the rest of the answer is still to come: a body would be sent now, if at all.
    Awaitable<std::string> reading = AnswerAndRead(
        exchange, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n", std::chrono::milliseconds(100));
    log.after_answer = co_await std::move(reading);
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  EXPECT_EQ(RoundTrip(io, *transport, Post(1'000'000)).status, 401);
  EXPECT_EQ(server.Ask([&] { return log.after_answer; }), "0\r\n\r\n") << "a body's end, no body";
  EXPECT_EQ(log.expected, (std::vector<bool>{true}));
}

// What may wait for the next request does not wait for ever.
TEST(ExpectContinueTest, TheEndOfTheBodyComesWithoutANextRequest) {
  std::string after_answer;
  bool ended = false;
  ServerThread server([&](ServerExchange& exchange) -> Awaitable<void> {
    Awaitable<std::string> reading = AnswerAndRead(
        exchange, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", std::chrono::seconds(10));
    after_answer = co_await std::move(reading);
    ended = true;
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  EXPECT_EQ(RoundTrip(io, *transport, Post(1'000'000)).status, 401);
  while (!server.Ask([&] { return ended; })) std::this_thread::yield();
  EXPECT_EQ(server.Ask([&] { return after_answer; }), "0\r\n\r\n");
}

TEST(ExpectContinueTest, ARefusalCostsNoConnection) {
  std::vector<std::uint64_t> connections;
  ServerThread server([&connections](ServerExchange& exchange) -> Awaitable<void> {
    connections.push_back(exchange.connection_id());
    if (connections.size() < 3) {
      const Headers none;
      co_await exchange.Respond(401, none, "no");
      co_return;
    }
    Awaitable<void> echo = Echo(exchange);
    co_await std::move(echo);
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  EXPECT_EQ(RoundTrip(io, *transport, Post(1'000'000)).status, 401);
  EXPECT_EQ(RoundTrip(io, *transport, Post(1'000'000)).status, 401);
  EXPECT_EQ(RoundTrip(io, *transport, Post(1'000'000)).body.size(), 1'000'000u);
  EXPECT_EQ(server.Ask([&] { return connections; }), (std::vector<std::uint64_t>{1, 1, 1}));
}

TEST(ExpectContinueTest, AnUpstreamThatWantsALengthGetsOne) {
  Log log;
  ServerThread server([&log](ServerExchange& exchange) -> Awaitable<void> {
    log.Add(exchange);
    if (exchange.head().chunked) {
      const Headers none;
      co_await exchange.Respond(411, none, "");
      co_return;
    }
    Awaitable<void> echo = Echo(exchange);
    co_await std::move(echo);
  });
  IoRunner io;
  const auto transport = TransportFor(io, Expecting(server.port(), kForEver));
  const Outcome outcome = RoundTrip(io, *transport, Post(5'000));
  EXPECT_EQ(outcome.headers.Find("X-Length"), "5000");
  EXPECT_EQ(log.expected, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace keywalk
