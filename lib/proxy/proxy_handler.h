// Answers a client's request with an upstream's response (SPEC proxy/): who may, where to, with
// which headers, and back piece by piece.
#ifndef KEYWALK_PROXY_PROXY_HANDLER_H_
#define KEYWALK_PROXY_PROXY_HANDLER_H_

#include <memory>
#include <utility>
#include <vector>

#include "io/http_server.h"
#include "keywalk/http_transport.h"
#include "keywalk/transport.h"
#include "proxy/access_log.h"
#include "proxy/json_answer.h"
#include "proxy/proxy_shared.h"

namespace keywalk::proxy {

// One route as one thread serves it.
class RouteTransports {
 public:
  explicit RouteTransports(const Route& given_route) : route(&given_route) {}

  const Route* route;
  HttpTransportOptions options;         // of `sockets`
  std::shared_ptr<Transport> sockets;   // null if the base URL is none
  std::shared_ptr<Transport> direct;    // one attempt, with the client's own credential
  std::shared_ptr<Transport> failover;  // with the pool's keys; the same object without a pool
};

// The transports of one route of `generation` over `http`, which carries requests to its upstream.
RouteTransports MakeRouteTransports(const ProxyShared& shared, const Generation& generation,
                                    const Route& route, std::shared_ptr<Transport> http);

// A generation as one thread serves it.
class Serving {
 public:
  // Makes the transports of every route. Those of `previous`, which may be null, go on where
  // nothing has changed for them, with the connections that they keep. Runs on any thread; fails on
  // a CA file that cannot be read.
  static Result<std::shared_ptr<const Serving>> Make(asio::io_context& context,
                                                     const ProxyShared& shared,
                                                     std::shared_ptr<const Generation> generation,
                                                     const Serving* previous);
  // `routes` are of `generation`, in its order.
  Serving(std::shared_ptr<const Generation> given_generation,
          std::vector<RouteTransports> given_routes)
      : generation(std::move(given_generation)), routes(std::move(given_routes)) {}

  const std::shared_ptr<const Generation> generation;
  const std::vector<RouteTransports> routes;
};

// Confined to one io_context.
class ProxyHandler final : public io::HttpHandler {
 public:
  // `shared` outlives the handler.
  ProxyHandler(const ProxyShared& shared, std::shared_ptr<const Serving> serving)
      : shared_(shared), serving_(std::move(serving)) {}

  // What requests that come from now on are served with.
  void Use(std::shared_ptr<const Serving> serving) { serving_ = std::move(serving); }

  Awaitable<void> Handle(io::ServerExchange& exchange) override;

 private:
  // What is to be sent, and how. Lives with the Serving that it points into.
  class Plan {
   public:
    explicit Plan(const Generation& given_generation) : generation(given_generation) {}
    const Generation& generation;
    const RouteTransports* upstream = nullptr;
    Admission admission = Admission::kRefused;
    Request request;
  };

  Result<Plan, Refusal> Prepare(const Serving& serving, io::ServerExchange& exchange,
                                AccessRecord& record) const;
  Result<Plan, Refusal> RouteRequest(const Serving& serving, const io::RequestHead& head,
                                     AccessRecord& record) const;

  Awaitable<void> Exchange(io::ServerExchange& exchange, Plan& plan, AccessRecord& record) const;
  Awaitable<void> Forward(io::ServerExchange& exchange, Response& response, const Plan& plan,
                          AccessRecord& record) const;
  Awaitable<void> AnswerFailure(io::ServerExchange& exchange, const TransportError& error,
                                const Plan& plan, AccessRecord& record) const;

  void ReportUpstreamError(const Plan& plan, const TransportError& error) const;

  const ProxyShared& shared_;
  std::shared_ptr<const Serving> serving_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PROXY_HANDLER_H_
