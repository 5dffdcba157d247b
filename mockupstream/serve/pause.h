// A wait that ends when the client goes away or the server stops: delays and stalls.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_PAUSE_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_PAUSE_H_

#include <boost/asio/io_context.hpp>
#include <chrono>

#include "keywalk/awaitable.h"
#include "keywalk/transport.h"

namespace keywalk::mock {

// Waits that long. False if `client_gone` was requested before: the server does so when the client
// is seen to go, and when it closes the connection itself. Both outlive the wait.
Awaitable<bool> Pause(asio::io_context& context, std::chrono::milliseconds time,
                      Cancellation& client_gone);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_PAUSE_H_
