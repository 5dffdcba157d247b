// Embeds the whole stack: keys, policy, provider, and the transport that fails over. The upstream
// is a port where nobody listens: the answer is a transport error, and no key is blamed for it.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "keywalk/config.h"
#include "keywalk/http_transport.h"
#include "keywalk/key_failover.h"

namespace {

using namespace keywalk;

Awaitable<bool> Fetch(std::shared_ptr<Transport> transport) {
  Request request;
  request.target = "/v1/models";
  Cancellation cancel;
  const RoundTripResult result = co_await transport->RoundTrip(request, cancel);
  if (!result.ok()) std::printf("no answer: %s\n", result.error().message.c_str());
  co_return !result.ok() && result.error().kind == TransportError::Kind::kConnect;
}

}  // namespace

int main() {
  asio::io_context context;
  // Bound, but not listening: the port stays ours and refuses.
  const asio::ip::tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);
  const asio::ip::tcp::socket reserved(context, any_port);
  const std::string port = std::to_string(reserved.local_endpoint().port());

  HttpTransportOptions options;
  options.base = BaseUrl::Parse("http://127.0.0.1:" + port).value();
  const auto policy = std::make_shared<const Policy>(LoadPolicy("coder-v2").value());
  const auto pool = KeyPool::Create({"first-key", "second-key"}).value();
  const auto clock = MakeSystemClock();
  const auto transport =
      NewKeyFailoverTransport(NewHttpTransport(context, options).value(),
                              MakeKeyFailoverConfig(*FindProvider("openai"), pool, policy, clock));

  bool refused = false;
  asio::co_spawn(context, Fetch(transport), [&refused](std::exception_ptr problem, bool result) {
    refused = problem == nullptr && result;
  });
  context.run();
  return refused && pool->counts(clock->now()).valid == 2 ? 0 : 1;
}
