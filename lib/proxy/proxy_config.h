// What keywalk-proxy is told: from the command line or a --config file.
#ifndef KEYWALK_PROXY_PROXY_CONFIG_H_
#define KEYWALK_PROXY_PROXY_CONFIG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/key_failover.h"
#include "keywalk/policy.h"
#include "keywalk/provider.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"
#include "proxy/log.h"

namespace keywalk::proxy {

// One upstream behind the proxy.
struct RouteConfig {
  std::string prefix;  // path prefix the client uses, "" or "/name"; removed before joining
  const Provider* provider = nullptr;
  std::string base_url;
  std::shared_ptr<const Policy> policy;
  Secrets keys;  // empty: no pool, requests pass through
  std::string ca_file;
};

// Every limit has a bound; times in milliseconds (SPEC proxy/12).
struct ProxyLimits {
  std::uint64_t max_body_bytes = 128ull * 1024 * 1024;
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_connections = 10'000;
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds response_head{600'000};
  std::chrono::milliseconds idle{600'000};
  std::chrono::milliseconds client_header{30'000};
  std::chrono::milliseconds keep_alive{75'000};
  std::chrono::milliseconds drain{30'000};  // after SIGTERM

  bool operator==(const ProxyLimits&) const = default;
};

// What becomes of clients' bodies between them and the upstream, for requests of a pool.
struct BodyOptions {
  BodyMode mode = BodyMode::kBuffer;
  std::uint64_t memory_bytes = 256ull * 1024 * 1024;  // of all of them; the rest goes to files
  std::string spill_dir;                              // for those; empty: TMPDIR's, or /tmp
  std::uint64_t expect_continue_bytes = 0;            // as in HttpTransportOptions; 0: never
};

struct ProxyConfig {
  std::string listen = "127.0.0.1:0";
  std::string admin_listen;  // empty: no admin pages
  std::vector<RouteConfig> routes;
  Secrets client_tokens;
  Secrets admin_tokens;          // empty: the admin pages ask for none
  bool allow_anonymous = false;  // listen beyond loopback without client tokens
  bool no_byok = false;
  std::string dump_dir;  // empty: no recording
  std::string tls_cert_file;
  std::string tls_key_file;
  std::size_t threads = 1;
  ProxyLimits limits;
  BodyOptions body;
  LogLevel log_level = LogLevel::kTrace;  // the lowest that the log sink is given
  std::vector<std::string> warnings;      // found while it was read; logged at start
};

// Reads a route's keys. Fails on a file without keys and on keys that no pool takes, naming the
// file and the key's position. A file that others may read adds a warning.
Result<Secrets> LoadPoolKeys(const std::string& path, std::vector<std::string>& warnings);

// Reads a --config file. Relative paths in it are relative to the file's folder. Errors name the
// file, the JSON pointer and what was expected.
Result<ProxyConfig> LoadProxyConfig(const std::string& path);
// The same of its text; `path` need not exist.
Result<ProxyConfig> ParseProxyConfig(std::string_view text, const std::string& path);

// What no single field can show: a base URL that cannot be parsed, a pool the library refuses, an
// anonymous listener beyond loopback, two routes with one prefix. Adds warnings.
Result<ProxyConfig> CheckProxyConfig(ProxyConfig config);

// The same without the base URLs: what ProxyServer asks for, whose handler answers 502 on a route
// without a usable one (SPEC proxy/5).
Result<ProxyConfig> CheckServable(ProxyConfig config);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PROXY_CONFIG_H_
