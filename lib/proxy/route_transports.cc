// The chain of transports below the handler: failover, recording, sockets.
#include <utility>

#include "keywalk/http_transport.h"
#include "keywalk/key_failover.h"
#include "proxy/proxy_handler.h"
#include "proxy/recording_transport.h"

namespace keywalk::proxy {
namespace {

HttpTransportOptions OptionsFor(const Route& route, const ProxyConfig& config) {
  const ProxyLimits& limits = config.limits;
  HttpTransportOptions options;
  options.base = *route.base();
  options.ca_file = route.ca_file();
  options.https_proxy = ProxyFromEnvironment(*route.base());
  options.connect_timeout = limits.connect;
  options.response_head_timeout = limits.response_head;
  options.idle_timeout = limits.idle;
  options.max_header_bytes = limits.max_header_bytes;
  options.expect_continue_bytes = config.body.expect_continue_bytes;
  return options;
}

// The sockets that served this route so far, if they do what is wanted now. Not where a CA file is
// read: there may be other certificates in it.
std::shared_ptr<Transport> FindSockets(const Serving* previous, const Route& route,
                                       const HttpTransportOptions& options) {
  if (previous == nullptr || !options.ca_file.empty()) return nullptr;
  for (const RouteTransports& before : previous->routes) {
    if (before.route->prefix() == route.prefix() && before.options == options) {
      return before.sockets;
    }
  }
  return nullptr;
}

Result<RouteTransports> MakeOne(asio::io_context& context, const ProxyShared& shared,
                                const Generation& generation, const Route& route,
                                const Serving* previous) {
  if (!route.base()) return RouteTransports(route);
  HttpTransportOptions options = OptionsFor(route, generation.config);
  std::shared_ptr<Transport> sockets = FindSockets(previous, route, options);
  if (sockets == nullptr) {
    Result<std::shared_ptr<Transport>> http = NewHttpTransport(context, options);
    if (!http) return http.error();
    sockets = std::move(*http);
  }
  RouteTransports made = MakeRouteTransports(shared, generation, route, std::move(sockets));
  made.options = std::move(options);
  return made;
}

}  // namespace

RouteTransports MakeRouteTransports(const ProxyShared& shared, const Generation& generation,
                                    const Route& route, std::shared_ptr<Transport> http) {
  RouteTransports made(route);
  made.sockets = std::move(http);
  made.direct = made.sockets;
  if (shared.dump != nullptr) {
    made.direct = NewRecordingTransport(made.direct, std::string(route.provider().name()),
                                        shared.clock, generation.secrets, *shared.dump);
  }
  KeyFailoverConfig config =
      MakeKeyFailoverConfig(route.provider(), route.pool(), route.policy(), shared.clock);
  config.max_body_bytes = generation.config.limits.max_body_bytes;
  config.body_mode = generation.config.body.mode;
  config.body_memory = shared.body_memory;
  config.observer = &route.observer();
  // Who brings a key of their own is decided by the handler, which then passes this layer by.
  config.is_byok = [](const Headers&) { return false; };
  made.failover = NewKeyFailoverTransport(made.direct, std::move(config));
  return made;
}

Result<std::shared_ptr<const Serving>> Serving::Make(asio::io_context& context,
                                                     const ProxyShared& shared,
                                                     std::shared_ptr<const Generation> generation,
                                                     const Serving* previous) {
  std::vector<RouteTransports> all;
  for (const std::unique_ptr<Route>& route : generation->routes) {
    Result<RouteTransports> made = MakeOne(context, shared, *generation, *route, previous);
    if (!made) return made.error();
    all.push_back(std::move(*made));
  }
  return std::shared_ptr<const Serving>(new Serving(std::move(generation), std::move(all)));
}

}  // namespace keywalk::proxy
