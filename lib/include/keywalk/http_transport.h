// The transport over real sockets: HTTP/1.1 with a keep-alive connection pool and TLS.
#ifndef KEYWALK_HTTP_TRANSPORT_H_
#define KEYWALK_HTTP_TRANSPORT_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "keywalk/clock.h"
#include "keywalk/result.h"
#include "keywalk/transport.h"

namespace keywalk {

// The system's steady and civil clocks. Safe for concurrent use.
std::shared_ptr<Clock> MakeSystemClock();

// A base URL taken apart: where requests go and what their path begins with.
struct BaseUrl {
  bool tls = false;
  std::string host;       // without brackets
  std::string port;       // "443" or "80" if the URL names none
  std::string authority;  // as it stands in Host: host, and port if it is not the default
  std::string path;       // without a trailing slash; "" for the root

  // Fails with "invalid provider base URL": not absolute http or https, userinfo, query or
  // fragment.
  static Result<BaseUrl> Parse(std::string_view url);

  bool operator==(const BaseUrl&) const = default;
};

struct HttpTransportOptions {
  BaseUrl base;
  std::string ca_file;  // PEM; empty: the system's trust store. Verification is always on.
  // "http://HOST:PORT" of a forward proxy for TLS upstreams (CONNECT); empty: none. Callers that
  // honour the environment pass ProxyFromEnvironment(base).
  std::string https_proxy;
  std::chrono::milliseconds connect_timeout{10'000};  // name, TCP and TLS together
  std::chrono::milliseconds response_head_timeout{600'000};
  // Between two pieces of a body. The source of a request's body is given twice that: it knows best
  // how long it waits.
  std::chrono::milliseconds idle_timeout{600'000};
  std::chrono::milliseconds keep_alive{60'000};  // an unused connection is closed after this
  // Bodies of so many bytes and more that can be sent again wait for the upstream's 100 (Continue)
  // behind `Expect: 100-continue`, in chunks, so that a refusal costs a head and neither the upload
  // nor the connection. 0: none do. An upstream that lets `continue_wait` pass, or answers 417 or
  // 411, is not asked again. The end of a body that was not wanted may come in one piece with the
  // next request.
  std::uint64_t expect_continue_bytes = 0;
  std::chrono::milliseconds continue_wait{1'000};
  std::size_t max_idle_connections = 256;
  std::size_t max_header_bytes = 64 * 1024;

  bool operator==(const HttpTransportOptions&) const = default;
};

// The value of HTTPS_PROXY (or https_proxy) unless NO_PROXY covers the host; empty if unset.
std::string ProxyFromEnvironment(const BaseUrl& base);

// A transport for one upstream. Requests carry origin-form targets, which are sent as they are (the
// base URL's path is the caller's to join). Fails if the CA file cannot be read.
Result<std::shared_ptr<Transport>> NewHttpTransport(asio::io_context& context,
                                                    HttpTransportOptions options);

}  // namespace keywalk

#endif  // KEYWALK_HTTP_TRANSPORT_H_
