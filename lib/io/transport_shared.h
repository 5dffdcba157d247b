// What all exchanges of one transport have in common.
#ifndef KEYWALK_IO_TRANSPORT_SHARED_H_
#define KEYWALK_IO_TRANSPORT_SHARED_H_

#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>

#include "io/connection_pool.h"
#include "keywalk/http_transport.h"

namespace keywalk::io {

// Outlives the transport while a body is still read. Confined to its io_context.
struct TransportShared {
  TransportShared(asio::io_context& given_context, HttpTransportOptions given_options)
      : context(given_context),
        options(std::move(given_options)),
        pool(options.max_idle_connections, options.keep_alive) {}

  asio::io_context& context;
  const HttpTransportOptions options;
  ConnectionPool pool;
  // Where a request's head is written. Has the key until that is sent, and is wiped then: while it
  // is in the cache, and not when the answer comes.
  std::string head;
  // The upstream let `Expect: 100-continue` go unanswered, or refused it: not asked again.
  bool ignores_expect = false;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_TRANSPORT_SHARED_H_
