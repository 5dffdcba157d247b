#include "proxy/proxy_shared.h"

#include <algorithm>
#include <utility>

namespace keywalk::proxy {
namespace {

std::vector<std::string> SecretsOf(const ProxyConfig& config) {
  std::vector<std::string> secrets = config.client_tokens;
  for (const RouteConfig& route : config.routes) {
    secrets.insert(secrets.end(), route.keys.begin(), route.keys.end());
  }
  return secrets;
}

}  // namespace

ProxyShared::ProxyShared(const ProxyConfig& config, std::shared_ptr<const Clock> given_clock,
                         LogSink sink, const std::vector<std::string>& secrets)
    : limits(config.limits),
      body(config.body),
      body_memory(std::make_shared<BodyMemory>(config.body.memory_bytes, config.body.spill_dir)),
      clock(std::move(given_clock)),
      log(std::move(sink), config.log_level),
      auth(config.client_tokens, config.no_byok),
      masker(secrets),
      metrics(clock) {}

Result<std::unique_ptr<ProxyShared>> ProxyShared::Make(const ProxyConfig& config,
                                                       std::shared_ptr<const Clock> clock,
                                                       LogSink log) {
  const std::vector<std::string> secrets = SecretsOf(config);
  std::unique_ptr<ProxyShared> shared(
      new ProxyShared(config, std::move(clock), std::move(log), secrets));
  for (const RouteConfig& route_config : config.routes) {
    Result<std::unique_ptr<Route>> route = Route::Make(route_config, shared->metrics, shared->log);
    if (!route) return route.error();
    shared->routes.push_back(std::move(*route));
  }
  std::ranges::stable_sort(shared->routes, std::ranges::greater(),
                           [](const auto& route) { return route->prefix().size(); });
  if (!config.dump_dir.empty()) {
    Result<std::unique_ptr<DumpWriter>> dump =
        DumpWriter::Open(config.dump_dir, secrets, shared->log);
    if (!dump) return Error("dump folder " + dump.error().message());
    shared->dump = std::move(*dump);
  }
  return shared;
}

}  // namespace keywalk::proxy
