// Goal: whatever an upstream sends, the caller gets one answer or one error, which does not depend
// on how the bytes arrive; nothing of it is taken for the answer to the next request; no key is
// shown, and nothing is left running.
// Method: the key-failover transport over HTTP connections in memory. The input is what the
// upstream sends for the first attempt; every later request is answered well.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http_transport.h"
#include "keywalk/config.h"
#include "keywalk/key_failover.h"
#include "keywalk/recorded_body.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_connector.h"
#include "tests/fuzz/strict_reader.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

using testing::MemoryConnection;
using testing::MemoryStreamOptions;

constexpr std::string_view kGood =
    "HTTP/1.1 200 OK\r\nX-Good: yes\r\nContent-Length: 4\r\n\r\ngood";
constexpr std::string_view kGoodHead =
    "HTTP/1.1 200 OK\r\nX-Good: yes\r\nContent-Length: 4\r\n\r\n";

// The upstream: the input once, then good answers.
class Upstream {
 public:
  Upstream(asio::io_context& context, std::string_view input, MemoryStreamOptions options)
      : context_(context), input_(input), options_(options) {}
  ~Upstream() {
    for (const auto& connection : connections_) connection->on_change = nullptr;
  }

  std::shared_ptr<MemoryConnection> Open() {
    auto connection = MemoryConnection::Open(context_, options_);
    connection->on_change = [this, end = connection.get()] { Receive(*end); };
    connections_.push_back(connection);
    return connection;
  }
  // The first connection ends in order, then its deadline passes.
  void FinishFirst() {
    if (!connections_.empty()) connections_.front()->Finish();
  }
  void ExpireAll() {
    for (const auto& connection : connections_) connection->Expire();
  }
  bool all_closed() const {
    for (const auto& connection : connections_) {
      if (!connection->closed()) return false;
    }
    return true;
  }

 private:
  void Receive(MemoryConnection& connection) {
    while (connection.dealt_with < connection.received().size()) {
      const StrictRead read =
          ReadStrictly(std::string_view(connection.received()).substr(connection.dealt_with),
                       MessageKind::kRequest);
      Expect(read.state != StrictRead::State::kWrong, "requests are well-formed", read.problem);
      if (read.state == StrictRead::State::kPart) return;
      connection.dealt_with += read.size;
      if (!std::exchange(input_sent_, true)) {
        connection.Send(input_);
      } else {
        connection.Send(read.message.first == "HEAD" ? kGoodHead : kGood);
      }
    }
  }

  asio::io_context& context_;
  const std::string_view input_;
  const MemoryStreamOptions options_;
  std::vector<std::shared_ptr<MemoryConnection>> connections_;
  bool input_sent_ = false;
};

// What one request came to.
struct Outcome {
  bool ended = false;
  bool good = false;  // the answer that only a good upstream gives
  std::string said;
};

// What is no HTTP may be seen to be cut off before it is seen to be wrong.
void Describe(const TransportError& error, Outcome& outcome) {
  ExpectNoKey(error.message);
  ExpectNoKey(error.key_hint);
  const bool broken =
      error.kind == TransportError::Kind::kReset || error.kind == TransportError::Kind::kProtocol;
  outcome.said += broken ? "broken\n" : "error " + std::string(ToString(error.kind)) + "\n";
}

void CheckHead(const Response& response) {
  Expect(response.status >= 200 && response.status <= 999, "the final response has its status");
  Expect(response.body != nullptr, "a response has a body");
  for (const Headers::Field field : response.headers) {
    const bool valid = IsValidHeaderName(field.name) && IsValidHeaderValue(field.value);
    Expect(valid, "a field that is passed on is one", field.value);
    for (const std::string_view hop : {"Connection", "Transfer-Encoding", "Content-Length",
                                       "Keep-Alive", "Upgrade", "Trailer"}) {
      Expect(!EqualsIgnoreCase(field.name, hop), "fields of one hop end there", field.name);
    }
  }
}

Awaitable<void> Fetch(Transport& transport, const Request& request, Outcome& outcome) {
  Cancellation cancel;
  RoundTripResult result = co_await transport.RoundTrip(request, cancel);
  if (!result) {
    Describe(result.error(), outcome);
    co_return;
  }
  Response response = std::move(*result);
  CheckHead(response);
  outcome.said += std::to_string(response.status) + " " + response.reason + " attempts " +
                  std::to_string(response.attempts) + "\n";
  for (const Headers::Field field : response.headers) {
    outcome.said.append(field.name).append(": ").append(field.value).append("\n");
  }
  outcome.good = response.headers.Contains("X-Good");
  std::string body;
  while (true) {
    const BodyChunk chunk = co_await response.body->Read();
    if (chunk.failed()) {
      Describe(chunk.error(), outcome);
      co_return;
    }
    if (chunk.at_end()) break;
    body.append(chunk.bytes());
  }
  outcome.said += body;
  const bool has_body =
      request.method != "HEAD" && response.status != 204 && response.status != 304;
  if (has_body && response.content_length) {
    Expect(body.size() == *response.content_length, "a body is as long as its head says");
  }
}

void RunOne(asio::io_context& context, Transport& transport, const Request& request,
            Outcome& outcome) {
  asio::co_spawn(context.get_executor(), Fetch(transport, request, outcome),
                 [&outcome](const std::exception_ptr& thrown) {
                   Expect(thrown == nullptr, "a transport throws nothing");
                   outcome.ended = true;
                 });
  Settle(context);
}

std::string PlayUpstream(std::string_view input, std::string_view method,
                         MemoryStreamOptions options) {
  static const auto kPolicy = std::make_shared<const Policy>(*LoadPolicy("every-clause"));
  asio::io_context context;
  Upstream upstream(context, input, options);
  auto pool = *KeyPool::Create({std::string(kFirstKey), std::string(kSecondKey)});
  HttpTransportOptions http;
  http.base = *BaseUrl::Parse("http://upstream.test");
  http.max_header_bytes = 4096;
  KeyFailoverConfig config = MakeKeyFailoverConfig(*FindProvider("openai"), std::move(pool),
                                                   kPolicy, std::make_shared<ManualClock>());
  std::shared_ptr<Transport> transport = NewKeyFailoverTransport(
      io::NewHttpTransport(context, http,
                           std::make_unique<MemoryConnector>([&] { return upstream.Open(); })),
      std::move(config));
  Request request;
  request.method = method;
  Outcome first;
  RunOne(context, *transport, request, first);
  upstream.FinishFirst();
  Settle(context);
  if (!first.ended) upstream.ExpireAll();
  Settle(context);
  Expect(first.ended, "a request ends with its connection or its deadline");

  Outcome second;
  RunOne(context, *transport, request, second);
  Expect(second.ended && second.good, "no byte is taken for the next request's answer",
         second.said);
  transport.reset();
  Settle(context);
  Expect(upstream.all_closed(), "no connection outlives its transport");
  Expect(context.stopped(), "nothing is left to be done");
  return std::move(first.said);
}

}  // namespace

void FuzzUpstream(std::string_view input) {
  // The fields by which this target knows its own answers.
  if (RevealsKey(input) || input.find("X-Good") != input.npos) return;
  for (const std::string_view method : {"GET", "HEAD"}) {
    const std::string whole = PlayUpstream(input, method, {});
    const std::string pieces = PlayUpstream(input, method, {2, false});
    Expect(whole == pieces, "how bytes arrive changes nothing",
           whole + "\n--- in pieces:\n" + pieces);
  }
}

}  // namespace keywalk::fuzz
