#include "proxy/config_change.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace keywalk::proxy {
namespace {

std::string NameOf(const RouteConfig& route) {
  return std::string(route.provider->name()) + (route.prefix.empty() ? "" : " " + route.prefix);
}

const RouteConfig* FindRoute(const ProxyConfig& config, std::string_view prefix) {
  const auto found = std::ranges::find(config.routes, prefix, &RouteConfig::prefix);
  return found == config.routes.end() ? nullptr : &*found;
}

// "2 keys kept, 1 added, 1 removed"; empty if the list is the same.
std::string DescribeKeys(const Secrets& before, const Secrets& after) {
  if (before == after) return {};
  const std::set<std::string_view> old(before.begin(), before.end());
  const auto kept = static_cast<std::size_t>(
      std::ranges::count_if(after, [&old](const std::string& key) { return old.contains(key); }));
  std::string text = std::to_string(kept) + (kept == 1 ? " key kept, " : " keys kept, ");
  text += std::to_string(after.size() - kept) + " added, ";
  text += std::to_string(before.size() - kept) + " removed";
  if (kept == before.size() && kept == after.size()) text += ", in another order";
  return text;
}

void DescribeRoute(const RouteConfig& before, const RouteConfig& after,
                   std::vector<std::string>& changes) {
  const std::string name = NameOf(after) + ": ";
  if (before.provider != after.provider || before.base_url != after.base_url) {
    changes.push_back(name + "another upstream, with " + std::to_string(after.keys.size()) +
                      " fresh keys");
  } else if (const std::string keys = DescribeKeys(before.keys, after.keys); !keys.empty()) {
    changes.push_back(name + keys);
  }
  if (*before.policy != *after.policy) changes.push_back(name + "policy " + after.policy->name);
  if (before.ca_file != after.ca_file) changes.push_back(name + "CA file");
}

}  // namespace

std::vector<std::string> KeepUntilRestart(const ProxyConfig& running, ProxyConfig& next) {
  std::vector<std::string> kept;
  const auto keep = [&kept](const char* name, const auto& old_value, auto& new_value) {
    if (old_value == new_value) return;
    new_value = old_value;
    kept.emplace_back(name);
  };
  keep("listen", running.listen, next.listen);
  keep("admin_listen", running.admin_listen, next.admin_listen);
  keep("threads", running.threads, next.threads);
  keep("dump_dir", running.dump_dir, next.dump_dir);
  keep("body.memory_bytes", running.body.memory_bytes, next.body.memory_bytes);
  keep("body.spill_dir", running.body.spill_dir, next.body.spill_dir);
  return kept;
}

std::vector<std::string> DescribeChanges(const ProxyConfig& before, const ProxyConfig& after) {
  std::vector<std::string> changes;
  for (const RouteConfig& route : after.routes) {
    const RouteConfig* const old = FindRoute(before, route.prefix);
    if (old != nullptr) {
      DescribeRoute(*old, route, changes);
    } else {
      changes.push_back(NameOf(route) + ": added, with " + std::to_string(route.keys.size()) +
                        " keys");
    }
  }
  for (const RouteConfig& route : before.routes) {
    if (FindRoute(after, route.prefix) == nullptr) changes.push_back(NameOf(route) + ": removed");
  }
  const auto compare = [&changes](const char* name, const auto& old_value, const auto& new_value) {
    if (old_value != new_value) changes.emplace_back(name);
  };
  compare("client tokens", before.client_tokens, after.client_tokens);
  compare("admin tokens", before.admin_tokens, after.admin_tokens);
  compare("no_byok", before.no_byok, after.no_byok);
  compare("allow_anonymous", before.allow_anonymous, after.allow_anonymous);
  compare("TLS files", before.tls_cert_file + '\0' + before.tls_key_file,
          after.tls_cert_file + '\0' + after.tls_key_file);
  compare("limits", before.limits, after.limits);
  compare("body.mode", before.body.mode, after.body.mode);
  compare("body.expect_continue_bytes", before.body.expect_continue_bytes,
          after.body.expect_continue_bytes);
  compare("log_level", before.log_level, after.log_level);
  return changes;
}

}  // namespace keywalk::proxy
