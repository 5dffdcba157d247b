// Goal: a proxy's configuration is refused with its place and reason, without a byte of the keys
// that its files hold, or is one that can be served within its limits.
#include <filesystem>
#include <string>
#include <string_view>

#include "keywalk/key_pool.h"
#include "proxy/proxy_config.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/target.h"
#include "tests/support/temp_dir.h"

namespace keywalk::fuzz {
namespace {

using proxy::ProxyConfig;

// Files that seeds name: good ones and one of each kind of bad.
class Folder {
 public:
  Folder() {
    const std::string keys = std::string(kFirstKey) + "\n" + std::string(kSecondKey) + "\n";
    folder_.Write("keys.txt", "# two\n" + keys);
    folder_.Write("twice.txt", keys + std::string(kFirstKey) + "\n");
    folder_.Write("control.txt", std::string(kFirstKey) + "\n" + std::string(kSecondKey) + "\x01x");
    folder_.Write("none.txt", "# none\n");
    folder_.Write("policy.json", "{\"" + std::string(kFirstKey) + "\": 1}");
  }
  // No file is there: the text is handed over.
  std::string config_path() const { return folder_.File("proxy.json"); }

 private:
  const testing::TempDir folder_;
};

void CheckLimits(const ProxyConfig& config) {
  const proxy::ProxyLimits& limits = config.limits;
  for (const std::chrono::milliseconds time :
       {limits.connect, limits.response_head, limits.idle, limits.client_header, limits.keep_alive,
        limits.drain}) {
    Expect(time.count() > 0, "every time limit is positive");
  }
  Expect(limits.max_connections > 0 && limits.max_header_bytes > 0, "limits admit something");
  Expect(config.threads > 0 && config.threads <= 256, "threads are bounded");
}

}  // namespace

void FuzzProxyConfig(std::string_view input) {
  static const Folder folder;
  const std::string path = folder.config_path();
  // A key that stands in the document itself, where none belongs, may be named.
  if (RevealsKey(input)) return;
  Result<ProxyConfig> read = proxy::ParseProxyConfig(input, path);
  if (!read) {
    ExpectRefusal(read.error().message(), path);
    return;
  }
  CheckLimits(*read);
  Expect(!read->routes.empty(), "there is a provider");
  for (const std::string& warning : read->warnings) ExpectNoKey(warning);
  const Result<ProxyConfig> checked = proxy::CheckProxyConfig(*std::move(read));
  if (!checked) {
    ExpectNoKey(checked.error().message());
    return;
  }
  for (const std::string& warning : checked->warnings) ExpectNoKey(warning);
  for (const proxy::RouteConfig& route : checked->routes) {
    Expect(route.provider != nullptr && route.policy != nullptr, "a route is whole");
    if (route.keys.empty()) continue;
    Expect(KeyPool::Create(route.keys).ok(), "what is served has keys that a pool takes");
  }
}

}  // namespace keywalk::fuzz
