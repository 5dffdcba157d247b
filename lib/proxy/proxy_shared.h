// What all threads of a proxy share for as long as it runs.
#ifndef KEYWALK_PROXY_PROXY_SHARED_H_
#define KEYWALK_PROXY_PROXY_SHARED_H_

#include <atomic>
#include <memory>
#include <string>

#include "keywalk/body_memory.h"
#include "keywalk/clock.h"
#include "keywalk/mutex.h"
#include "keywalk/result.h"
#include "proxy/dump_writer.h"
#include "proxy/generation.h"
#include "proxy/log.h"
#include "proxy/metrics.h"
#include "proxy/proxy_config.h"

namespace keywalk::proxy {

// Safe for concurrent use once the threads run.
class ProxyShared {
 public:
  // `config` has passed CheckServable. Fails on a dump folder that cannot be used.
  static Result<std::unique_ptr<ProxyShared>> Make(const ProxyConfig& config,
                                                   std::shared_ptr<const Clock> clock, LogSink log);
  ProxyShared(const ProxyShared&) = delete;
  ProxyShared& operator=(const ProxyShared&) = delete;

  // The configuration in force.
  std::shared_ptr<const Generation> generation() const;
  void SetGeneration(std::shared_ptr<const Generation> generation);

  const std::shared_ptr<BodyMemory> body_memory;  // of all threads
  const std::shared_ptr<const Clock> clock;
  Logger log;
  ProxyMetrics metrics;
  std::unique_ptr<DumpWriter> dump;  // null: no recording
  std::string listen_address;        // "HOST:PORT", known once bound
  std::atomic<bool> draining{false};

 private:
  ProxyShared(const ProxyConfig& config, std::shared_ptr<const Clock> clock, LogSink log);

  mutable Mutex mutex_;
  std::shared_ptr<const Generation> generation_ KEYWALK_GUARDED_BY(mutex_);
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PROXY_SHARED_H_
