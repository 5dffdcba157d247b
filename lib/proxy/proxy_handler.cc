#include "proxy/proxy_handler.h"

#include <boost/asio/error.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "proxy/bounded_body.h"
#include "proxy/forwarded_headers.h"
#include "proxy/path_join.h"

namespace keywalk::proxy {
namespace {

using Kind = TransportError::Kind;

// Nobody is there to answer. A body that only ends too soon is answered: its sender may still read.
bool IsClientsEnd(error_code code) {
  return code == asio::error::connection_reset || code == asio::error::broken_pipe ||
         code == asio::error::operation_aborted;
}

// True if that piece is the whole body of the answer.
bool IsAllOf(const BodyChunk& piece, const std::optional<std::uint64_t>& length) {
  return length && !piece.failed() && piece.bytes().size() == *length;
}

// Events that came together go on together: one write for all of them. Puts `piece` and the pieces
// that are there behind it into `together`, which stays empty where there is nothing to gain, and
// gives what came after them. Waits for nothing.
std::optional<BodyChunk> TakeTogether(ResponseBody& body, const BodyChunk& piece,
                                      std::string& together) {
  constexpr std::size_t kSmallPiece = 4 * 1024;
  constexpr std::size_t kMostTogether = 64 * 1024;
  together.clear();
  if (piece.failed() || piece.at_end() || piece.bytes().size() > kSmallPiece) return std::nullopt;
  together.assign(piece.bytes());
  while (together.size() < kMostTogether) {
    std::optional<BodyChunk> next = body.TryRead();
    const bool fits =
        next && !next->failed() && !next->at_end() && next->bytes().size() <= kSmallPiece;
    if (!fits) return next;
    together.append(next->bytes());
  }
  return std::nullopt;
}

// What a failure is to the client; the cause itself goes to the log.
Refusal RefusalFor(const TransportError& error) {
  switch (error.kind) {
    case Kind::kBodyTooLarge:
      return Refusal(413, "the request's body is larger than the limit");
    case Kind::kBodyStorage:
      return Refusal(503, "the request's body could not be kept");
    case Kind::kRequestBody:
      if (error.code == asio::error::timed_out) return Refusal(408, "the request's body stalled");
      return Refusal(400, "the request's body could not be read");
    default:
      return Refusal(502, "upstream proxy error");
  }
}

}  // namespace

Awaitable<void> ProxyHandler::Handle(io::ServerExchange& exchange) {
  const auto begin = std::chrono::steady_clock::now();
  const std::shared_ptr<const Serving> serving = serving_;  // to the end, whatever is loaded then
  AccessRecord record;
  record.method = exchange.head().method;
  record.target = exchange.head().target;
  record.headers = &exchange.head().headers;
  record.client = exchange.peer_address();
  Result<Plan, Refusal> plan = Prepare(*serving, exchange, record);
  if (plan) {
    co_await Exchange(exchange, *plan, record);
    plan->upstream->route->metrics().CountRequest(record.status);
  } else {
    record.status = plan.error().status();
    co_await Answer(exchange, plan.error());
  }
  if (!shared_.log.enabled(LogLevel::kInfo)) co_return;
  record.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  shared_.log.Write(LogLevel::kInfo, FormatAccessLine(record, serving->generation->masker));
}

// The route, and the target that its upstream gets.
Result<ProxyHandler::Plan, Refusal> ProxyHandler::RouteRequest(const Serving& serving,
                                                               const io::RequestHead& head,
                                                               AccessRecord& record) const {
  const Result<RequestTarget> target = ParseTarget(head.target);
  if (!target) return Refusal(400, target.error().message());
  for (const RouteTransports& upstream : serving.routes) {
    const std::optional<std::string_view> rest =
        StripPrefix(target->path, upstream.route->prefix());
    if (!rest) continue;
    record.provider = upstream.route->provider().name();
    const std::optional<BaseUrl>& base = upstream.route->base();
    if (!base) return Refusal(502, "invalid provider base URL");
    if (!target->authority.empty() && target->authority != shared_.listen_address &&
        !EqualsIgnoreCase(target->authority, base->authority)) {
      return Refusal(400, "the target names another host");
    }
    Result<std::string> joined = JoinTarget(base->path, *rest, target->query);
    if (!joined) return Refusal(400, joined.error().message());
    Plan plan(*serving.generation);
    plan.upstream = &upstream;
    plan.request.target = std::move(*joined);
    return plan;
  }
  return Refusal(404, "no provider is configured for this path");
}

Result<ProxyHandler::Plan, Refusal> ProxyHandler::Prepare(const Serving& serving,
                                                          io::ServerExchange& exchange,
                                                          AccessRecord& record) const {
  const io::RequestHead& head = exchange.head();
  // TRACE shows the client what the upstream got, the pool's key with it; a CONNECT that succeeds
  // is a tunnel past everything here.
  if (head.method == "TRACE" || head.method == "CONNECT") {
    return Refusal(501, "the method is not supported");
  }
  if (IsWebSocketUpgrade(head.headers)) return Refusal(501, "WebSocket is not supported");
  Result<Plan, Refusal> plan = RouteRequest(serving, head, record);
  if (!plan) return plan;
  const Route& route = *plan->upstream->route;
  ClientSide client;
  client.address = record.client;
  client.tls = exchange.is_tls();
  Request& request = plan->request;
  request.method = head.method;
  request.headers = ForwardedHeaders(head.headers, client, route.base()->authority);

  plan->admission = plan->generation.auth.Admit(route.provider(), request.headers);
  if (plan->admission == Admission::kRefused) {
    record.credential = "refused";
    return Refusal(401, "a client token is required");
  }
  const bool from_pool = plan->admission == Admission::kCentralized && route.pool() != nullptr;
  record.credential = from_pool ? "pool" : "own";
  if (head.content_length.value_or(0) > plan->generation.config.limits.max_body_bytes) {
    return Refusal(413, "the request's body is larger than the limit");
  }
  return plan;
}

Awaitable<void> ProxyHandler::Exchange(io::ServerExchange& exchange, Plan& plan,
                                       AccessRecord& record) const {
  const Route& route = *plan.upstream->route;
  const bool centralized = plan.admission == Admission::kCentralized && route.pool() != nullptr;
  Transport& transport = centralized ? *plan.upstream->failover : *plan.upstream->direct;
  if (exchange.head().has_body()) {
    plan.request.stream_body = exchange.body();
    if (!centralized) {
      plan.request.stream_body = std::make_shared<BoundedBody>(
          std::move(plan.request.stream_body), plan.generation.config.limits.max_body_bytes);
    }
  }
  exchange.WatchClient();
  RoundTripResult result = co_await transport.RoundTrip(plan.request, exchange.client_gone());
  if (!result) {
    TransportError error = std::move(result).error();
    record.attempts = centralized ? error.attempts : 1;  // only a walk counts its own
    record.key_hint = error.key_hint;
    co_await AnswerFailure(exchange, error, plan, record);
    co_return;
  }
  Response& response = *result;
  record.status = response.status;
  record.attempts = response.attempts;
  record.key_hint = response.key_hint;
  co_await Forward(exchange, response, plan, record);
}

Awaitable<void> ProxyHandler::Forward(io::ServerExchange& exchange, Response& response,
                                      const Plan& plan, AccessRecord& record) const {
  std::optional<BodyChunk> first = response.body->TryRead();
  if (first && IsAllOf(*first, response.content_length)) {
    // Before the body's end is read, which lets others use the connection that the bytes lie in.
    const error_code gone = co_await exchange.Respond(response.status, response.headers,
                                                      first->bytes(), response.reason);
    if (gone) record.ending = "client gone";
    response.body->TryRead();
    co_return;
  }
  error_code gone = co_await exchange.StartResponse(response.status, response.reason,
                                                    response.headers, response.content_length);
  // A client should see the head now, not with the first byte of a slow body.
  if (!gone && !first && !response.body->ready()) gone = co_await exchange.Flush();
  std::string together;
  while (!gone) {
    BodyChunk chunk;
    if (first) {
      chunk = *std::exchange(first, std::nullopt);
    } else {
      chunk = co_await response.body->Read();
    }
    first = TakeTogether(*response.body, chunk, together);
    if (chunk.failed()) {
      if (chunk.error().kind == Kind::kCancelled) break;
      ReportUpstreamError(plan, chunk.error());
      record.ending = "cut off";
      co_return;  // the answer is left unfinished, for the client to see
    }
    if (chunk.at_end()) {
      gone = co_await exchange.FinishResponse(response.body->trailers());
      if (!gone) co_return;
      break;
    }
    gone = co_await exchange.WriteBody(together.empty() ? chunk.bytes() : together);
  }
  record.ending = "client gone";
}

Awaitable<void> ProxyHandler::AnswerFailure(io::ServerExchange& exchange,
                                            const TransportError& error, const Plan& plan,
                                            AccessRecord& record) const {
  const bool clients_end = error.kind == Kind::kRequestBody && IsClientsEnd(error.code);
  if (error.kind == Kind::kCancelled || clients_end) {
    record.status = ProviderMetrics::kClientGone;
    record.ending = "client gone";
    co_return;
  }
  const Refusal refusal = RefusalFor(error);
  record.status = refusal.status();
  if (refusal.status() == 502) {
    ReportUpstreamError(plan, error);
  } else {
    if (error.kind == Kind::kBodyStorage) {
      shared_.log.Write(LogLevel::kError, std::string(plan.upstream->route->provider().name()) +
                                              ": " + plan.generation.masker.Mask(error.message));
    }
    exchange.CloseAfterResponse();  // the rest of the body is not wanted
  }
  co_await Answer(exchange, refusal);
}

void ProxyHandler::ReportUpstreamError(const Plan& plan, const TransportError& error) const {
  const Route& route = *plan.upstream->route;
  route.metrics().CountUpstreamError(error.kind);
  if (!shared_.log.enabled(LogLevel::kWarn)) return;
  shared_.log.Write(LogLevel::kWarn, std::string(route.provider().name()) +
                                         ": upstream proxy error (" +
                                         std::string(ToString(error.kind)) +
                                         "): " + plan.generation.masker.Mask(error.message));
}

}  // namespace keywalk::proxy
