// What all threads of a proxy share.
#ifndef KEYWALK_PROXY_PROXY_SHARED_H_
#define KEYWALK_PROXY_PROXY_SHARED_H_

#include <atomic>
#include <memory>
#include <string>

#include "keywalk/body_memory.h"
#include "keywalk/clock.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"
#include "proxy/client_auth.h"
#include "proxy/dump_writer.h"
#include "proxy/log.h"
#include "proxy/metrics.h"
#include "proxy/proxy_config.h"
#include "proxy/route.h"

namespace keywalk::proxy {

// Immutable once the threads run, but for what is safe for concurrent use by itself.
class ProxyShared {
 public:
  // `config` has passed CheckServable. Fails on a dump folder that cannot be used.
  static Result<std::unique_ptr<ProxyShared>> Make(const ProxyConfig& config,
                                                   std::shared_ptr<const Clock> clock, LogSink log);
  ProxyShared(const ProxyShared&) = delete;
  ProxyShared& operator=(const ProxyShared&) = delete;

  const ProxyLimits limits;
  const BodyOptions body;
  const std::shared_ptr<BodyMemory> body_memory;  // of all threads
  const std::shared_ptr<const Clock> clock;
  const Logger log;
  const ClientAuth auth;
  const SecretMasker masker;  // of all pool keys and client tokens
  ProxyMetrics metrics;
  Routes routes;                     // the longest prefix first
  std::unique_ptr<DumpWriter> dump;  // null: no recording
  std::string listen_address;        // "HOST:PORT", known once bound
  std::atomic<bool> draining{false};

 private:
  ProxyShared(const ProxyConfig& config, std::shared_ptr<const Clock> clock, LogSink log,
              const std::vector<std::string>& secrets);
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PROXY_SHARED_H_
