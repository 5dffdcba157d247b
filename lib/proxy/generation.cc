#include "proxy/generation.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace keywalk::proxy {
namespace {

std::shared_ptr<const Secrets> SecretsOf(const ProxyConfig& config) {
  auto secrets = std::make_shared<Secrets>(config.client_tokens);
  secrets->Append(config.admin_tokens);
  for (const RouteConfig& route : config.routes) secrets->Append(route.keys);
  return secrets;
}

}  // namespace

Result<std::shared_ptr<const Generation>> Generation::Make(ProxyConfig config,
                                                           const Generation* previous,
                                                           ProxyMetrics& metrics, const Logger& log,
                                                           const Clock& clock) {
  Routes routes;
  for (const RouteConfig& route_config : config.routes) {
    const Route* before = previous ? previous->FindRoute(route_config.prefix) : nullptr;
    Result<std::unique_ptr<Route>> route = Route::Make(route_config, before, metrics, log, clock);
    if (!route) return route.error();
    routes.push_back(std::move(*route));
  }
  std::ranges::stable_sort(routes, std::ranges::greater(),
                           [](const auto& route) { return route->prefix().size(); });
  return std::shared_ptr<const Generation>(new Generation(std::move(config), std::move(routes)));
}

Generation::Generation(ProxyConfig given_config, Routes given_routes)
    : config(std::move(given_config)),
      auth(config.client_tokens, config.no_byok),
      admin_tokens(config.admin_tokens),
      secrets(SecretsOf(config)),
      masker(*secrets),
      routes(std::move(given_routes)) {}

void Generation::TakeOver(const Generation& previous) const {
  for (const std::unique_ptr<Route>& route : routes) {
    const Route* before = previous.FindRoute(route->prefix());
    if (before != nullptr && route->Continues(*before)) route->TakeOver(*before);
  }
}

const Route* Generation::FindRoute(std::string_view prefix) const {
  const auto found = std::ranges::find(
      routes, prefix, [](const auto& route) -> std::string_view { return route->prefix(); });
  return found == routes.end() ? nullptr : found->get();
}

ProxyMetrics::Pools Generation::Pools() const {
  ProxyMetrics::Pools pools;
  for (const std::unique_ptr<Route>& route : routes) {
    if (route->pool() != nullptr) pools.emplace(route->provider().name(), route->pool());
  }
  return pools;
}

}  // namespace keywalk::proxy
