// A proxy in front of a mock upstream, both in process on free ports, with a clock that stands
// still: what the end-to-end tests of the proxy share.
#ifndef KEYWALK_TESTS_PROXY_PROXY_HARNESS_H_
#define KEYWALK_TESTS_PROXY_PROXY_HARNESS_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/clock.h"
#include "mockupstream/mock_server.h"
#include "proxy/proxy_server.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_reply.h"

namespace keywalk::proxy {

inline constexpr const char* kKey0 = "sk-zero-AAAABBBBCCCCDDDD-w0w0";
inline constexpr const char* kKey1 = "sk-one-EEEEFFFFGGGGHHHHII-w1w1";
inline constexpr const char* kOwnKey = "sk-mine-JJJJKKKKLLLLMMMM-w2w2";
inline constexpr const char* kToken = "client-token-NNNNOOOOPPPP-w3w3";

struct HarnessOptions {
  // Lanes of the mock as JSON: {"k0": ..., "k1": ..., "own": ..., "default": ...}, each with the
  // members of a lane ("steps", "at_end").
  std::string lanes;
  std::string provider = "openai";
  std::string policy = "coder-v1";
  std::vector<std::string> keys = {kKey0, kKey1};
  std::function<void(ProxyConfig&)> adjust;  // may be empty
};

// When it ends, it fails the test if a key or a token stands in the log.
class ProxyHarness {
 public:
  explicit ProxyHarness(const HarnessOptions& options);
  ~ProxyHarness();
  ProxyHarness(const ProxyHarness&) = delete;
  ProxyHarness& operator=(const ProxyHarness&) = delete;

  mock::MockServer& mock() { return *mock_; }
  ProxyServer& proxy() { return *proxy_; }
  ManualClock& clock() { return *clock_; }

  // One request on a connection of its own.
  testing::RawReply Send(std::string_view method, std::string_view target,
                         const Headers& headers = {}, std::string_view body = "");
  testing::RawReply Post(const Headers& headers = {}, std::string_view body = "{}") {
    return Send("POST", "/v1/chat/completions", headers, body);
  }
  // A page of the admin listener.
  testing::RawReply Admin(std::string_view target, std::string_view method = "GET",
                          const Headers& headers = {});

  // The lanes that the upstream's requests fell into, in order of arrival: "k0", "k1", ...
  std::vector<std::string> Attempts() const;
  // Key states in order: "valid", "temporary", "permanent".
  std::vector<std::string> States() const;
  // Puts the configuration in force that the options give, changed by `change`.
  bool Reload(const std::function<void(ProxyConfig&)>& change);
  // Puts a POST in flight that waits for its body, "{}", which the caller sends when it likes.
  void Begin(testing::RawClient& client);

  // Waits until that many log lines hold `text`.
  bool WaitForLog(std::string_view text, std::size_t count = 1) const;
  std::string Log() const;

  // Ends the proxy at once, so that everything it has to write is written.
  void StopProxy() { proxy_.reset(); }

 private:
  void StartMock();
  void StartProxy();
  ProxyConfig Config() const;

  const HarnessOptions options_;
  const std::shared_ptr<ManualClock> clock_;
  mutable std::mutex log_mutex_;
  mutable std::condition_variable log_grew_;
  std::vector<std::string> log_;
  std::unique_ptr<mock::MockServer> mock_;
  std::unique_ptr<ProxyServer> proxy_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_TESTS_PROXY_PROXY_HARNESS_H_
