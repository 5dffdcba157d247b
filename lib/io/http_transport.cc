#include "keywalk/http_transport.h"

#include <memory>
#include <optional>
#include <utility>

#include "io/connector.h"
#include "io/http_transport.h"
#include "io/upstream_exchange.h"

namespace keywalk::io {
namespace {

class HttpTransport final : public Transport {
 public:
  HttpTransport(std::shared_ptr<TransportShared> shared, std::unique_ptr<Connector> connector)
      : shared_(std::move(shared)), connector_(std::move(connector)) {}

  Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation& cancel) override {
    bool fresh_only = false;
    std::optional<Request> again;  // the request, where its body has to begin anew
    while (true) {
      if (cancel.requested()) co_return Cancelled();
      std::shared_ptr<UpstreamConnection> connection = fresh_only ? nullptr : shared_->pool.Take();
      if (connection == nullptr) {
        auto opened = co_await connector_->Connect(cancel);
        if (!opened.ok()) co_return std::move(opened).error();
        if (cancel.requested()) co_return Cancelled();
        connection = std::make_shared<UpstreamConnection>(std::move(*opened),
                                                          shared_->options.max_header_bytes);
      }
      auto exchange = std::make_unique<UpstreamExchange>(shared_, std::move(connection), cancel);
      std::optional<TransportError> failure = co_await exchange->Run(again ? *again : request);
      const bool stale = failure && exchange->replaceable() && !fresh_only;
      const bool unexpected = !failure && exchange->expectation_failed();
      if ((stale || unexpected) && Rewind(request, again)) {
        fresh_only = fresh_only || stale;
        shared_->ignores_expect = shared_->ignores_expect || unexpected;
        continue;
      }
      if (failure) co_return std::move(*failure);
      RoundTripResult result{Response()};
      exchange->FillHead(*result);
      result->body = std::move(exchange);
      co_return std::move(result);
    }
  }

 private:
  // False for a body that can be read once only.
  static bool Rewind(const Request& request, std::optional<Request>& again) {
    if (request.stream_body == nullptr) return true;
    if (!request.stream_body->repeatable()) return false;
    again = request;
    again->stream_body = request.stream_body->Again();
    return true;
  }

  static TransportError Cancelled() {
    return TransportError(TransportError::Kind::kCancelled, asio::error::operation_aborted,
                          "cancelled");
  }

  const std::shared_ptr<TransportShared> shared_;
  const std::unique_ptr<Connector> connector_;
};

}  // namespace

std::shared_ptr<Transport> NewHttpTransport(asio::io_context& context, HttpTransportOptions options,
                                            std::unique_ptr<Connector> connector) {
  auto shared = std::make_shared<TransportShared>(context, std::move(options));
  return std::make_shared<HttpTransport>(std::move(shared), std::move(connector));
}

}  // namespace keywalk::io

namespace keywalk {

Result<std::shared_ptr<Transport>> NewHttpTransport(asio::io_context& context,
                                                    HttpTransportOptions options) {
  auto connector = io::MakeNetworkConnector(context, options);
  if (!connector.ok()) return std::move(connector).error();
  return io::NewHttpTransport(context, std::move(options), std::move(*connector));
}

}  // namespace keywalk
