// Opens connections to one upstream: name, TCP, the forward proxy's CONNECT, TLS.
#ifndef KEYWALK_IO_CONNECTOR_H_
#define KEYWALK_IO_CONNECTOR_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>

#include "io/stream.h"
#include "keywalk/http_transport.h"
#include "keywalk/transport.h"

namespace keywalk::io {

// Opens streams for a transport. The simulator has one over virtual connections.
class Connector {
 public:
  virtual ~Connector() = default;
  // `cancel` stops it; the result is then kCancelled.
  virtual Awaitable<Result<std::unique_ptr<Stream>, TransportError>> Connect(
      Cancellation& cancel) = 0;
};

// Over the network, as the options say. Fails if the CA file cannot be read or the forward proxy's
// URL cannot be parsed.
Result<std::unique_ptr<Connector>> MakeNetworkConnector(asio::io_context& context,
                                                        const HttpTransportOptions& options);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_CONNECTOR_H_
