// One request through the HTTP transport, for tests of what it does on the wire.
#ifndef KEYWALK_TESTS_IO_TRANSPORT_HARNESS_H_
#define KEYWALK_TESTS_IO_TRANSPORT_HARNESS_H_

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "keywalk/http_transport.h"
#include "tests/io/io_runner.h"

namespace keywalk::testing {

using Kind = TransportError::Kind;

inline HttpTransportOptions OptionsFor(std::uint16_t port, const char* scheme = "http") {
  HttpTransportOptions options;
  options.base = *BaseUrl::Parse(std::string(scheme) + "://localhost:" + std::to_string(port));
  return options;
}

inline std::shared_ptr<Transport> TransportFor(IoRunner& io, HttpTransportOptions options) {
  auto transport = NewHttpTransport(io.context(), std::move(options));
  if (!transport.ok()) throw std::runtime_error(transport.error().message());
  return *transport;
}

// What one request came to.
struct Outcome {
  int status = 0;
  std::string body;
  Headers headers;
  Headers trailers;
  std::optional<Kind> failure;
  std::string message;
};

inline Outcome RoundTrip(IoRunner& io, Transport& transport, const Request& request) {
  Outcome outcome;
  io.Run([](Transport& via, const Request& sent, Outcome& out) -> Awaitable<void> {
    Cancellation cancel;
    RoundTripResult result = co_await via.RoundTrip(sent, cancel);
    if (!result.ok()) {
      out.failure = result.error().kind;
      out.message = result.error().message;
      co_return;
    }
    out.status = result->status;
    out.headers = result->headers;
    while (true) {
      const BodyChunk chunk = co_await result->body->Read();
      if (chunk.failed()) {
        out.failure = chunk.error().kind;
        out.message = chunk.error().message;
      }
      if (chunk.failed() || chunk.at_end()) break;
      out.body.append(chunk.bytes());
    }
    out.trailers = result->body->trailers();
  }(transport, request, outcome));
  return outcome;
}

inline std::shared_ptr<const RecordedBody> Recorded(std::string_view text) {
  auto body = std::make_shared<RecordedBody>(text.size());
  body->Append(text);
  return body;
}

// Answers with the framing it saw and the body.
inline Awaitable<void> Echo(io::ServerExchange& exchange) {
  const std::shared_ptr<BodySource> body = exchange.body();
  Awaitable<std::string> reading = ReadAll(*body);
  const std::string all = co_await std::move(reading);
  Headers headers;
  headers.Add("X-Connection", std::to_string(exchange.connection_id()));
  headers.Add("X-Length",
              std::string(exchange.head().headers.Find("Content-Length").value_or("-")));
  headers.Add("X-Coding",
              std::string(exchange.head().headers.Find("Transfer-Encoding").value_or("-")));
  headers.Add("X-Host", std::string(exchange.head().headers.Find("Host").value_or("-")));
  co_await exchange.Respond(200, headers, all);
}

// Cancels a request after `time` and expects that it ends as cancelled.
inline void ExpectCancellable(IoRunner& io, Transport& transport, std::chrono::milliseconds time) {
  Cancellation cancel;
  io::SteadyTimer soon(io.context().get_executor(), time);
  soon.async_wait([&cancel](const error_code&) { cancel.Request(); });
  io.Run([](Transport& via, Cancellation& token) -> Awaitable<void> {
    const Request request;
    const RoundTripResult result = co_await via.RoundTrip(request, token);
    EXPECT_TRUE(!result.ok() && result.error().kind == Kind::kCancelled);
  }(transport, cancel));
}

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_IO_TRANSPORT_HARNESS_H_
