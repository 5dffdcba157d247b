// The checks of a proxy's configuration that no single field can show.
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "io/http_server.h"
#include "io/spill_file.h"
#include "keywalk/http_transport.h"
#include "keywalk/key_pool.h"
#include "proxy/proxy_config.h"

namespace keywalk::proxy {
namespace {

constexpr std::size_t kMaxThreads = 256;

// For messages: which of the routes is meant.
std::string RouteName(const RouteConfig& route) {
  std::string name = "provider";
  if (route.provider != nullptr) name.append(" ").append(route.provider->name());
  if (!route.prefix.empty()) name += " at " + route.prefix;
  return name + ": ";
}

// "" or segments of unreserved characters: nothing that needs decoding when a path is matched.
bool IsPrefix(std::string_view prefix) {
  if (prefix.empty()) return true;
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  return prefix.front() == '/' && prefix.back() != '/' &&
         prefix.find_first_not_of(kAllowed) == prefix.npos && prefix.find("//") == prefix.npos &&
         prefix.find("/.") == prefix.npos;
}

Result<bool> CheckRoute(const RouteConfig& route) {
  if (!IsPrefix(route.prefix)) {
    return Error(RouteName(route) + "a prefix is empty or \"/name\", without a slash at the end");
  }
  if (route.provider == nullptr) return Error(RouteName(route) + "unknown provider");
  if (route.policy == nullptr) return Error(RouteName(route) + "no policy");
  if (route.keys.empty()) return true;
  if (!route.provider->has_failover()) {
    return Error(RouteName(route) + "the provider " + std::string(route.provider->name()) +
                 " takes no pool of keys");
  }
  const Result<std::shared_ptr<KeyPool>> pool = KeyPool::Create(route.keys);
  if (!pool) return Error(RouteName(route) + pool.error().message());
  return true;
}

Result<bool> CheckListeners(const ProxyConfig& config) {
  const Result<io::HostPort> listen = io::ParseHostPort(config.listen);
  if (!listen) return Error("listen: " + listen.error().message());
  if (!io::IsLoopback(listen->host) && config.client_tokens.empty() && !config.allow_anonymous) {
    return Error("listen: " + config.listen +
                 " is beyond loopback, where anybody could use the keys: give a client token file "
                 "(--client-token-file), or say --allow-anonymous");
  }
  if (config.admin_listen.empty()) return true;
  const Result<io::HostPort> admin = io::ParseHostPort(config.admin_listen);
  if (!admin) return Error("admin listen: " + admin.error().message());
  return true;
}

// A folder that takes no files is found out at the start, not by the first large body.
Result<bool> CheckBodyFolder(const BodyOptions& body) {
  if (body.spill_dir.empty()) return true;
  const boost::system::error_code ec = io::SpillFile().Open(body.spill_dir);
  if (ec) return Error("folder for bodies " + body.spill_dir + ": " + ec.message());
  return true;
}

// What works, but an operator should know.
void AddWarnings(ProxyConfig& config) {
  const Result<io::HostPort> admin = io::ParseHostPort(config.admin_listen);
  if (admin && !io::IsLoopback(admin->host) && config.admin_tokens.empty()) {
    config.warnings.push_back(
        "the admin pages on " + config.admin_listen +
        " are beyond loopback and ask for no credential (--admin-token-file)");
  }
  for (const RouteConfig& route : config.routes) {
    if (route.keys.empty() && route.provider->has_failover()) {
      config.warnings.push_back(RouteName(route) + "no keys: every request passes through");
    }
    const Result<BaseUrl> base = BaseUrl::Parse(route.base_url);
    if (base && !base->tls && !io::IsLoopback(base->host)) {
      config.warnings.push_back(RouteName(route) + "keys travel unencrypted to " + base->authority);
    }
  }
}

}  // namespace

Result<ProxyConfig> CheckProxyConfig(ProxyConfig config) {
  for (const RouteConfig& route : config.routes) {
    const Result<BaseUrl> base = BaseUrl::Parse(route.base_url);
    if (!base) return Error(RouteName(route) + base.error().message());
  }
  return CheckServable(std::move(config));
}

Result<ProxyConfig> CheckServable(ProxyConfig config) {
  if (config.routes.empty()) return Error("no provider is configured");
  std::set<std::string_view> prefixes;
  for (const RouteConfig& route : config.routes) {
    const Result<bool> checked = CheckRoute(route);
    if (!checked) return checked.error();
    if (!prefixes.insert(route.prefix).second) {
      return Error(RouteName(route) + "two routes have this prefix");
    }
  }
  const Result<bool> listeners = CheckListeners(config);
  if (!listeners) return listeners.error();
  if (config.tls_cert_file.empty() != config.tls_key_file.empty()) {
    return Error("TLS needs both a certificate file and a key file");
  }
  if (config.threads < 1 || config.threads > kMaxThreads) {
    return Error("threads: expected a number from 1 to 256");
  }
  const Result<bool> folder = CheckBodyFolder(config.body);
  if (!folder) return folder.error();
  AddWarnings(config);
  return config;
}

}  // namespace keywalk::proxy
