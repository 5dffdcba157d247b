// The chain of transports below the handler: failover, recording, sockets.
#include <utility>

#include "keywalk/http_transport.h"
#include "keywalk/key_failover.h"
#include "proxy/proxy_handler.h"
#include "proxy/recording_transport.h"

namespace keywalk::proxy {
namespace {

HttpTransportOptions OptionsFor(const Route& route, const ProxyShared& shared) {
  const ProxyLimits& limits = shared.limits;
  HttpTransportOptions options;
  options.base = *route.base();
  options.ca_file = route.ca_file();
  options.https_proxy = ProxyFromEnvironment(*route.base());
  options.connect_timeout = limits.connect;
  options.response_head_timeout = limits.response_head;
  options.idle_timeout = limits.idle;
  options.max_header_bytes = limits.max_header_bytes;
  options.expect_continue_bytes = shared.body.expect_continue_bytes;
  return options;
}

Result<RouteTransports> MakeOne(asio::io_context& context, const ProxyShared& shared,
                                const Route& route) {
  if (!route.base()) return RouteTransports(route, nullptr, nullptr);
  Result<std::shared_ptr<Transport>> http = NewHttpTransport(context, OptionsFor(route, shared));
  if (!http) return http.error();
  return MakeRouteTransports(shared, route, std::move(*http));
}

}  // namespace

RouteTransports MakeRouteTransports(const ProxyShared& shared, const Route& route,
                                    std::shared_ptr<Transport> http) {
  std::shared_ptr<Transport> direct = std::move(http);
  if (shared.dump != nullptr) {
    direct = NewRecordingTransport(std::move(direct), std::string(route.provider().name()),
                                   shared.clock, *shared.dump);
  }
  KeyFailoverConfig config =
      MakeKeyFailoverConfig(route.provider(), route.pool(), route.policy(), shared.clock);
  config.max_body_bytes = shared.limits.max_body_bytes;
  config.body_mode = shared.body.mode;
  config.body_memory = shared.body_memory;
  config.observer = &route.observer();
  // Who brings a key of their own is decided by the handler, which then passes this layer by.
  config.is_byok = [](const Headers&) { return false; };
  std::shared_ptr<Transport> failover = NewKeyFailoverTransport(direct, std::move(config));
  return RouteTransports(route, std::move(direct), std::move(failover));
}

Result<std::vector<RouteTransports>> MakeTransports(asio::io_context& context,
                                                    const ProxyShared& shared) {
  std::vector<RouteTransports> all;
  for (const std::unique_ptr<Route>& route : shared.routes) {
    Result<RouteTransports> made = MakeOne(context, shared, *route);
    if (!made) return made.error();
    all.push_back(std::move(*made));
  }
  return all;
}

}  // namespace keywalk::proxy
