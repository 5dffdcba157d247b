// The admin pages: /metrics, /healthz and /pool.
#ifndef KEYWALK_PROXY_ADMIN_PAGES_H_
#define KEYWALK_PROXY_ADMIN_PAGES_H_

#include <string>

#include "io/http_server.h"
#include "proxy/proxy_shared.h"

namespace keywalk::proxy {

// Reads only; holds no secret but masked hints. `shared` outlives it.
class AdminPages final : public io::HttpHandler {
 public:
  explicit AdminPages(const ProxyShared& shared) : shared_(shared) {}

  Awaitable<void> Handle(io::ServerExchange& exchange) override;

 private:
  std::string PoolPage() const;
  bool Admits(const io::RequestHead& head) const;

  const ProxyShared& shared_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_ADMIN_PAGES_H_
