// One reading of the configuration, as it is served. A reload makes the next; requests keep the one
// that they began with.
#ifndef KEYWALK_PROXY_GENERATION_H_
#define KEYWALK_PROXY_GENERATION_H_

#include <memory>
#include <string_view>

#include "keywalk/clock.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"
#include "proxy/client_auth.h"
#include "proxy/log.h"
#include "proxy/metrics.h"
#include "proxy/proxy_config.h"
#include "proxy/route.h"

namespace keywalk::proxy {

// Immutable but for key states; safe for concurrent use.
class Generation {
 public:
  // `config` has passed CheckServable. Keys that `previous` has at the same upstream keep their
  // state; it is null for the first. `metrics`, `log` and `clock` outlive the generation.
  static Result<std::shared_ptr<const Generation>> Make(ProxyConfig config,
                                                        const Generation* previous,
                                                        ProxyMetrics& metrics, const Logger& log,
                                                        const Clock& clock);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  // Takes over the marks of `previous`, and those that its requests in flight still make. Once,
  // before this generation is served.
  void TakeOver(const Generation& previous) const;

  // The route with that prefix, or null.
  const Route* FindRoute(std::string_view prefix) const;
  // Every pool with its provider, for the metrics.
  ProxyMetrics::Pools Pools() const;

  const ProxyConfig config;
  const ClientAuth auth;
  const io::TokenSet admin_tokens;               // empty: none is asked for
  const std::shared_ptr<const Secrets> secrets;  // pool keys and tokens
  const SecretMasker masker;                     // of these
  const Routes routes;                           // the longest prefix first

 private:
  Generation(ProxyConfig given_config, Routes given_routes);
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_GENERATION_H_
