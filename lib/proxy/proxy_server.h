// The passthrough reverse proxy as a library: listeners, threads, routes (SPEC proxy/).
#ifndef KEYWALK_PROXY_PROXY_SERVER_H_
#define KEYWALK_PROXY_PROXY_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "keywalk/clock.h"
#include "keywalk/key_pool.h"
#include "keywalk/result.h"
#include "proxy/log.h"
#include "proxy/proxy_config.h"

namespace keywalk::proxy {

// Runs on threads of its own. All methods are safe for concurrent use.
class ProxyServer {
 public:
  // Checks the configuration, binds, starts its threads. `clock` is the policy's time.
  static Result<std::unique_ptr<ProxyServer>> Start(ProxyConfig config,
                                                    std::shared_ptr<const Clock> clock,
                                                    LogSink log);
  virtual ~ProxyServer() = default;  // stops at once

  virtual std::uint16_t port() const = 0;
  // "HOST:PORT" of each listener, as printed at start; admin is empty without one.
  virtual std::string listen_address() const = 0;
  virtual std::string admin_address() const = 0;

  // The pool of the route with that prefix; null if it has none.
  virtual std::shared_ptr<KeyPool> pool(std::string_view prefix) const = 0;

  // Puts another reading of the configuration in force (SIGHUP): requests that begin from then on,
  // and connections that are accepted, are served by it; those under way end as they began. Says in
  // the log what has changed and what needs a restart. An error, as reading one may give, or a
  // configuration that cannot be served changes nothing; the log then says why. True if it is in
  // force. Blocks until then; several at once follow each other.
  virtual bool Reload(Result<ProxyConfig> config) = 0;

  // Graceful end (SIGTERM): no new connections, requests in flight finish or the limit cuts them.
  // Blocks until done.
  virtual void Drain() = 0;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PROXY_SERVER_H_
