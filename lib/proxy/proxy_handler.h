// Answers a client's request with an upstream's response (SPEC proxy/): who may, where to, with
// which headers, and back piece by piece.
#ifndef KEYWALK_PROXY_PROXY_HANDLER_H_
#define KEYWALK_PROXY_PROXY_HANDLER_H_

#include <memory>
#include <vector>

#include "io/http_server.h"
#include "keywalk/transport.h"
#include "proxy/access_log.h"
#include "proxy/json_answer.h"
#include "proxy/proxy_shared.h"

namespace keywalk::proxy {

// One route as one thread serves it.
class RouteTransports {
 public:
  RouteTransports(const Route& given_route, std::shared_ptr<Transport> given_direct,
                  std::shared_ptr<Transport> given_failover)
      : route(&given_route), direct(std::move(given_direct)), failover(std::move(given_failover)) {}

  const Route* route;
  std::shared_ptr<Transport> direct;    // one attempt, with the client's own credential
  std::shared_ptr<Transport> failover;  // with the pool's keys; the same object without a pool
};

// The transports of one route over `http`, which carries requests to its upstream.
RouteTransports MakeRouteTransports(const ProxyShared& shared, const Route& route,
                                    std::shared_ptr<Transport> http);

// Makes the transports of every route for one io_context. Fails on a CA file that cannot be read.
Result<std::vector<RouteTransports>> MakeTransports(asio::io_context& context,
                                                    const ProxyShared& shared);

// Confined to one io_context.
class ProxyHandler final : public io::HttpHandler {
 public:
  // `shared` outlives the handler; `routes` are in its order.
  ProxyHandler(const ProxyShared& shared, std::vector<RouteTransports> routes)
      : shared_(shared), routes_(std::move(routes)) {}

  Awaitable<void> Handle(io::ServerExchange& exchange) override;

 private:
  // What is to be sent, and how.
  class Plan {
   public:
    Plan() = default;
    const RouteTransports* upstream = nullptr;
    Admission admission = Admission::kRefused;
    Request request;
  };

  Result<Plan, Refusal> Prepare(io::ServerExchange& exchange, AccessRecord& record) const;
  Result<Plan, Refusal> RouteRequest(const io::RequestHead& head, AccessRecord& record) const;

  Awaitable<void> Exchange(io::ServerExchange& exchange, Plan& plan, AccessRecord& record) const;
  Awaitable<void> Forward(io::ServerExchange& exchange, Response& response, const Route& route,
                          AccessRecord& record) const;
  Awaitable<void> AnswerFailure(io::ServerExchange& exchange, const TransportError& error,
                                const Route& route, AccessRecord& record) const;

  void ReportUpstreamError(const Route& route, const TransportError& error) const;

  const ProxyShared& shared_;
  const std::vector<RouteTransports> routes_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PROXY_HANDLER_H_
