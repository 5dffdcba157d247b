// The HTTP transport over any connector: what the public factory builds on, and the way in for
// simulated connections.
#ifndef KEYWALK_IO_HTTP_TRANSPORT_H_
#define KEYWALK_IO_HTTP_TRANSPORT_H_

#include <boost/asio/io_context.hpp>
#include <memory>

#include "io/connector.h"
#include "keywalk/http_transport.h"
#include "keywalk/transport.h"

namespace keywalk::io {

// `context` outlives the transport and every response body it gave.
std::shared_ptr<Transport> NewHttpTransport(asio::io_context& context, HttpTransportOptions options,
                                            std::unique_ptr<Connector> connector);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_HTTP_TRANSPORT_H_
