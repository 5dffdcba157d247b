// Goal: the server frames, keeps alive, pipelines, bounds and refuses as RFC 9112 asks, and tells a
// handler when its client goes. Method: raw bytes over real sockets.
#include "io/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include "tests/io/io_runner.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_reply.h"

namespace keywalk::io {
namespace {

using testing::RawClient;
using testing::RawReply;
using testing::ReadEnd;
using testing::ReadReply;
using testing::RequestText;
using testing::ServerThread;

// Answers with method, target and the body's size and content.
Awaitable<void> Echo(ServerExchange& exchange) {
  const std::shared_ptr<BodySource> body = exchange.body();
  Awaitable<std::string> reading = testing::ReadAll(*body);
  const std::string all = co_await std::move(reading);
  const std::string text = exchange.head().method + " " + exchange.head().target + " " + all;
  const Headers headers;
  co_await exchange.Respond(200, headers, text);
}

TEST(HttpServerTest, KeepsAConnectionForManyRequests) {
  ServerThread server(Echo);
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.Send(RequestText("POST", "/a", {}, "body" + std::to_string(i)));
    const RawReply reply = ReadReply(client, "POST");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /a body" + std::to_string(i));
    EXPECT_TRUE(reply.headers.Contains("Date"));
  }
}

TEST(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  ServerThread server(Echo);
  RawClient client(server.port());
  client.Send(RequestText("GET", "/1", {}) + RequestText("POST", "/2", {}, "two") +
              RequestText("GET", "/3", {}));
  EXPECT_EQ(ReadReply(client).body, "GET /1 ");
  EXPECT_EQ(ReadReply(client).body, "POST /2 two");
  EXPECT_EQ(ReadReply(client).body, "GET /3 ");
}

TEST(HttpServerTest, ReadsChunkedBodies) {
  ServerThread server(Echo);
  RawClient client(server.port());
  client.Send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  client.Send("lo\r\n1\r\n!\r\n0\r\n\r\n");
  EXPECT_EQ(ReadReply(client).body, "POST /c hello!");
}

TEST(HttpServerTest, AnswersExpectContinueWhenTheBodyIsWanted) {
  ServerThread server(Echo);
  RawClient client(server.port());
  client.Send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(ReadReply(client).status, 100);
  client.Send("ok");
  EXPECT_EQ(ReadReply(client).body, "POST /e ok");
}

std::string Repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(HttpServerTest, RefusesWhatCannotBeRead) {
  ServerOptions options;
  options.max_header_bytes = 4096;
  ServerThread server(Echo, options);
  const std::pair<std::string, int> cases[] = {
      {"garbage\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(8000, 'x') + "\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\nHost: a\r\n" + Repeated("a:\r\n", 600) + "\r\n", 431},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: " + Repeated("x,", 600) + "\r\n\r\n", 431},
  };
  for (const auto& [text, status] : cases) {
    RawClient client(server.port());
    client.Send(text);
    const RawReply reply = ReadReply(client);
    EXPECT_EQ(reply.status, status) << text.substr(0, 60);
    EXPECT_EQ(reply.headers.Find("Connection"), "close");
    EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  }
}

TEST(HttpServerTest, SlowHeadersAreCutOff) {
  ServerOptions options;
  options.header_timeout = std::chrono::milliseconds(50);
  ServerThread server(Echo, options);
  RawClient client(server.port());
  client.Send("GET / HT");
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_EQ(client.received(), "");
}

TEST(HttpServerTest, IdleConnectionsAreCutOff) {
  ServerOptions options;
  options.keep_alive = std::chrono::milliseconds(50);
  ServerThread server(Echo, options);
  RawClient client(server.port());
  client.Send(RequestText("GET", "/", {}));
  EXPECT_EQ(ReadReply(client).status, 200);
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
}

TEST(HttpServerTest, StalledBodiesAreCutOff) {
  ServerOptions options;
  options.idle_timeout = std::chrono::milliseconds(50);
  std::promise<TransportError::Kind> seen;
  ServerThread server(
      [&seen](ServerExchange& exchange) -> Awaitable<void> {
        const std::shared_ptr<BodySource> body = exchange.body();
        while (true) {
          const BodyChunk chunk = co_await body->Read();
          if (!chunk.failed()) continue;
          seen.set_value(chunk.error().kind);
          break;
        }
      },
      options);
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(seen.get_future().get(), TransportError::Kind::kTimeout);
}

TEST(HttpServerTest, HeadAnswersCarryTheLengthAndNoBody) {
  ServerThread server(Echo);
  RawClient client(server.port());
  client.Send(RequestText("HEAD", "/h", {}) + RequestText("GET", "/g", {}));
  const RawReply head = ReadReply(client, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.Find("Content-Length"), "8");
  EXPECT_EQ(ReadReply(client).body, "GET /g ");
}

TEST(HttpServerTest, StreamsPieceByPieceWithTrailers) {
  std::promise<void> first_seen;
  std::shared_future<void> go = first_seen.get_future().share();
  ServerThread server([go](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.StartResponse(200, "Fine", none, std::nullopt);
    co_await exchange.WriteBody("first");
    // Blocks this server's thread: the client has seen the first piece before the second is made.
    go.wait();
    co_await exchange.WriteBody("second");
    const Headers trailers{{"X-Sum", "2"}};
    co_await exchange.FinishResponse(trailers);
  });
  RawClient client(server.port());
  client.Send(RequestText("GET", "/", {}));
  EXPECT_EQ(client.ReadUntil("first"), ReadEnd::kDone);
  first_seen.set_value();
  const RawReply reply = ReadReply(client);
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, "firstsecond");
  EXPECT_EQ(reply.trailers.Find("X-Sum"), "2");
  EXPECT_NE(reply.head.find("200 Fine"), std::string::npos);
}

TEST(HttpServerTest, AClientThatKnowsNoChunksGetsTheBodyUntilTheClose) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.StartResponse(200, "", none, std::nullopt);
    co_await exchange.WriteBody("all");
    co_await exchange.FinishResponse(none);
  });
  RawClient client(server.port());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_NE(client.received().find("\r\n\r\nall"), std::string::npos);
  EXPECT_EQ(client.received().find("chunked"), std::string::npos);
}

// An end in order would be that of the answer.
TEST(HttpServerTest, AClientOfHttp10SeesThatAnAnswerIsNotWhole) {
  for (const bool stopped : {false, true}) {
    ServerThread server([stopped](ServerExchange& exchange) -> Awaitable<void> {
      const Headers none;
      co_await exchange.StartResponse(200, "", none, std::nullopt);
      co_await exchange.WriteBody("half");
      if (!stopped) co_return;
      SteadyTimer forever(co_await asio::this_coro::executor, SteadyTimer::time_point::max());
      const Cancellation::Scope scope(exchange.client_gone(), [&forever] { forever.cancel(); });
      co_await forever.async_wait(kAwaitTuple);
    });
    RawClient client(server.port());
    client.Send("GET / HTTP/1.0\r\n\r\n");
    if (stopped) {
      ASSERT_EQ(client.ReadUntil("half"), ReadEnd::kDone);
      asio::co_spawn(server.context().get_executor(),
                     server.server().Drain(std::chrono::milliseconds(0)), [](auto) {});
    }
    EXPECT_EQ(client.ReadToEnd(), ReadEnd::kReset) << stopped;
  }
}

TEST(HttpServerTest, AClientOfHttp10SeesThatToWhileItsUploadIsWaitedFor) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    const auto ignore = [body = exchange.body()](auto, const BodyChunk&) {};
    asio::co_spawn(executor, exchange.body()->Read(), ignore);
    const Headers none;
    co_await exchange.StartResponse(200, "", none, std::nullopt);
    co_await exchange.WriteBody("half");
  });
  RawClient client(server.port());
  client.Send("POST / HTTP/1.0\r\nContent-Length: 100\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kReset);
}

TEST(HttpServerTest, AnUnreadLargeBodyDoesNotDestroyTheAnswer) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.Respond(413, none, "too large");
  });
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
  client.TrySend(std::string(4'000'000, 'x'));
  const RawReply reply = ReadReply(client);
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, "too large");
  EXPECT_EQ(reply.headers.Find("Connection"), "close");
}

TEST(HttpServerTest, AHandlerWithoutAnAnswerGets500) {
  ServerThread silent([](ServerExchange&) -> Awaitable<void> { co_return; });
  RawClient first(silent.port());
  first.Send(RequestText("GET", "/", {}));
  EXPECT_EQ(ReadReply(first).status, 500);

  ServerThread throwing([](ServerExchange&) -> Awaitable<void> {
    throw std::runtime_error("broken");
    co_return;
  });
  RawClient second(throwing.port());
  second.Send(RequestText("GET", "/", {}));
  EXPECT_EQ(ReadReply(second).status, 500);
}

TEST(HttpServerTest, TellsWhenTheClientGoes) {
  std::promise<void> gone;
  ServerThread server([&gone](ServerExchange& exchange) -> Awaitable<void> {
    const std::shared_ptr<BodySource> body = exchange.body();
    exchange.WatchClient();
    Awaitable<std::string> reading = testing::ReadAll(*body);
    co_await std::move(reading);
    SteadyTimer forever(co_await asio::this_coro::executor,
                        std::chrono::steady_clock::time_point::max());
    const Cancellation::Scope scope(exchange.client_gone(), [&forever] { forever.cancel(); });
    co_await forever.async_wait(kAwaitTuple);
    gone.set_value();
  });
  // What follows the request must not blind the watch: a stray empty line, another request.
  for (const std::string& after :
       {std::string(), std::string("\r\n"), RequestText("GET", "/", {})}) {
    gone = std::promise<void>();
    RawClient client(server.port());
    client.Send(RequestText("POST", "/", {}, "body") + after);
    client.Close();
    EXPECT_EQ(gone.get_future().wait_for(testing::kTestLimit), std::future_status::ready) << after;
  }
}

TEST(HttpServerTest, EmptyLinesBeforeARequestAreSkipped) {
  ServerThread server(Echo);
  RawClient client(server.port());
  client.Send("\r\n" + RequestText("POST", "/1", {}, "one") + "\r\n\r");
  EXPECT_EQ(ReadReply(client).body, "POST /1 one");
  client.Send("\n" + RequestText("GET", "/2", {}));
  EXPECT_EQ(ReadReply(client).body, "GET /2 ");
}

TEST(HttpServerTest, ADrainThatTakesTooLongTellsTheHandler) {
  std::promise<void> started;
  ServerThread server([&started](ServerExchange& exchange) -> Awaitable<void> {
    SteadyTimer forever(co_await asio::this_coro::executor,
                        std::chrono::steady_clock::time_point::max());
    const Cancellation::Scope scope(exchange.client_gone(), [&forever] { forever.cancel(); });
    started.set_value();
    co_await forever.async_wait(kAwaitTuple);  // nobody watches the client
  });
  RawClient client(server.port());
  client.Send(RequestText("GET", "/", {}));
  started.get_future().wait();
  std::promise<void> drained;
  asio::co_spawn(server.context().get_executor(),
                 server.server().Drain(std::chrono::milliseconds(20)),
                 [&drained](std::exception_ptr) { drained.set_value(); });
  EXPECT_EQ(drained.get_future().wait_for(testing::kTestLimit), std::future_status::ready);
}

TEST(HttpServerTest, PipelinedBytesAreNotTakenForAClientThatGoes) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    exchange.WatchClient();
    const Headers none;
    co_await exchange.Respond(exchange.client_gone().requested() ? 500 : 200, none,
                              exchange.head().target);
  });
  RawClient client(server.port());
  for (int i = 0; i < 20; ++i) {
    client.Send(RequestText("GET", "/a", {}) + RequestText("GET", "/b", {}));
    EXPECT_EQ(ReadReply(client).body, "/a");
    EXPECT_EQ(ReadReply(client).body, "/b");
  }
}

TEST(HttpServerTest, ABodyThatNobodyReadIsNoRequest) {
  ServerThread server([](ServerExchange& exchange) -> Awaitable<void> {
    const Headers none;
    co_await exchange.Respond(200, none, exchange.head().target);
  });
  RawClient client(server.port());
  client.Send(RequestText("POST", "/1", {}, RequestText("GET", "/smuggled", {})) +
              RequestText("GET", "/2", {}));
  EXPECT_EQ(ReadReply(client).body, "/1");
  EXPECT_EQ(ReadReply(client).body, "/2");
}

TEST(HttpServerTest, TooManyConnectionsWait) {
  ServerOptions options;
  options.max_connections = 1;
  ServerThread server(Echo, options);
  auto first = std::make_unique<RawClient>(server.port());
  first->Send(RequestText("GET", "/1", {}));
  EXPECT_EQ(ReadReply(*first).status, 200);
  RawClient second(server.port());  // in the listen queue
  second.Send(RequestText("GET", "/2", {}));
  first->Send(RequestText("GET", "/1", {}));  // whom the server could accept it has by then
  EXPECT_EQ(ReadReply(*first).status, 200);
  EXPECT_EQ(server.Ask([&] { return server.server().open_connections(); }), 1u);
  first.reset();
  EXPECT_EQ(ReadReply(second).body, "GET /2 ");
}

TEST(HttpServerTest, DrainFinishesWhatIsUnderWayAndClosesTheRest) {
  std::promise<void> started;
  std::promise<void> finish;
  std::shared_future<void> may_finish = finish.get_future().share();
  ServerThread server([&](ServerExchange& exchange) -> Awaitable<void> {
    if (exchange.head().target == "/slow") {
      started.set_value();
      SteadyTimer poll(co_await asio::this_coro::executor);
      while (may_finish.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        poll.expires_after(std::chrono::milliseconds(1));
        co_await poll.async_wait(kAwaitTuple);
      }
    }
    const Headers none;
    co_await exchange.Respond(200, none, "done");
  });
  RawClient idle(server.port());
  idle.Send(RequestText("GET", "/quick", {}));
  EXPECT_EQ(ReadReply(idle).status, 200);
  RawClient busy(server.port());
  busy.Send(RequestText("GET", "/slow", {}));
  started.get_future().wait();
  std::promise<void> drained;
  asio::co_spawn(server.context().get_executor(), server.server().Drain(std::chrono::seconds(10)),
                 [&drained](std::exception_ptr) { drained.set_value(); });
  EXPECT_EQ(idle.ReadToEnd(), ReadEnd::kClosed);
  finish.set_value();
  const RawReply reply = ReadReply(busy);
  EXPECT_EQ(reply.body, "done");
  EXPECT_EQ(drained.get_future().wait_for(testing::kTestLimit), std::future_status::ready);
  EXPECT_THROW(RawClient late(server.port()), std::runtime_error);
}

}  // namespace
}  // namespace keywalk::io
