// The headers that the upstream sees of a client's request (SPEC proxy/2-4).
#ifndef KEYWALK_PROXY_FORWARDED_HEADERS_H_
#define KEYWALK_PROXY_FORWARDED_HEADERS_H_

#include <string>
#include <string_view>

#include "keywalk/headers.h"

namespace keywalk::proxy {

// The client's end of the connection that a request came on.
struct ClientSide {
  std::string address;  // textual IP address, without the port
  bool tls = false;
};

// A copy of `received` without hop-by-hop and framing fields (RFC 9110 section 7.6.1, those that
// Connection names included) and without Expect, which the proxy answers; with `host` as Host,
// X-Forwarded-For, -Host and -Proto, and a User-Agent where the client sent none. Pure.
Headers ForwardedHeaders(const Headers& received, const ClientSide& client, std::string_view host);

// True if the request asks for a WebSocket (RFC 6455 section 4.1), which is not spoken here.
bool IsWebSocketUpgrade(const Headers& received) noexcept;

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_FORWARDED_HEADERS_H_
