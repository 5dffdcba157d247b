#include "proxy/proxy_shared.h"

#include <utility>

namespace keywalk::proxy {

ProxyShared::ProxyShared(const ProxyConfig& config, std::shared_ptr<const Clock> given_clock,
                         LogSink sink)
    : body_memory(std::make_shared<BodyMemory>(config.body.memory_bytes, config.body.spill_dir)),
      clock(std::move(given_clock)),
      log(std::move(sink), config.log_level),
      metrics(clock) {}

Result<std::unique_ptr<ProxyShared>> ProxyShared::Make(const ProxyConfig& config,
                                                       std::shared_ptr<const Clock> clock,
                                                       LogSink log) {
  std::unique_ptr<ProxyShared> shared(new ProxyShared(config, std::move(clock), std::move(log)));
  Result<std::shared_ptr<const Generation>> first =
      Generation::Make(config, nullptr, shared->metrics, shared->log, *shared->clock);
  if (!first) return first.error();
  shared->SetGeneration(std::move(*first));
  if (!config.dump_dir.empty()) {
    Result<std::unique_ptr<DumpWriter>> dump = DumpWriter::Open(config.dump_dir, shared->log);
    if (!dump) return Error("dump folder " + dump.error().message());
    shared->dump = std::move(*dump);
  }
  return shared;
}

std::shared_ptr<const Generation> ProxyShared::generation() const {
  const MutexLock lock(mutex_);
  return generation_;
}

void ProxyShared::SetGeneration(std::shared_ptr<const Generation> generation) {
  metrics.OnLoaded(generation->Pools());
  const MutexLock lock(mutex_);
  generation_.swap(generation);
}

}  // namespace keywalk::proxy
