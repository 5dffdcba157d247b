// Configuration files: the example is read, each mistake is named with file, place and reason, and
// no message holds a key.
#include "proxy/proxy_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/support/temp_dir.h"

namespace keywalk::proxy {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TempDir;

class ProxyConfigTest : public ::testing::Test {
 protected:
  ProxyConfigTest() {
    for (const auto& [name, text] : {std::pair{"keys.txt", "# mine\nsk-key-one\n\n sk-key-two \n"},
                                     std::pair{"tokens.txt", "token-1\n"},
                                     std::pair{"twice.txt", "sk-same-key\nsk-same-key\n"},
                                     std::pair{"empty.txt", "# nothing\n"}}) {
      ::chmod(dir_.Write(name, text).c_str(), 0600);
    }
  }

  // A small valid file with one change (RFC 6902).
  std::string Changed(const json& operations) {
    const json base = {{"schema_version", "1.0"},
                       {"providers",
                        {{{"provider", "openai"},
                          {"base_url", "https://api.openai.com/v1"},
                          {"keys_file", "keys.txt"}}}}};
    return dir_.Write("proxy.json", base.patch(operations).dump());
  }

  // The error without the file's name.
  std::string ErrorOf(const json& operations) {
    const std::string file = Changed(operations);
    const Result<ProxyConfig> config = LoadProxyConfig(file);
    if (config) return "no error";
    const std::string message = config.error().message();
    EXPECT_EQ(message.rfind(file + ": ", 0), 0u) << message;
    return message.substr(std::min(message.size(), file.size() + 2));
  }

  const TempDir dir_;
};

TEST_F(ProxyConfigTest, SmallFileHasDefaults) {
  const Result<ProxyConfig> config = LoadProxyConfig(Changed(json::array()));
  ASSERT_TRUE(config.ok()) << config.error().message();
  const RouteConfig& route = config->routes.at(0);
  EXPECT_EQ(route.prefix, "");
  EXPECT_EQ(route.policy->name, "coder-v1");
  EXPECT_THAT(route.keys, ElementsAre("sk-key-one", "sk-key-two"));
  EXPECT_THAT(config->client_tokens, IsEmpty());
  EXPECT_EQ(config->limits.max_body_bytes, 128u * 1024 * 1024);
  EXPECT_EQ(config->limits.connect, std::chrono::seconds(10));
  EXPECT_EQ(config->limits.response_head, std::chrono::seconds(600));
  EXPECT_EQ(config->limits.idle, std::chrono::seconds(600));
  EXPECT_EQ(config->limits.client_header, std::chrono::seconds(30));
  EXPECT_EQ(config->body.mode, BodyMode::kBuffer) << "the seed's way";
  EXPECT_EQ(config->body.memory_bytes, 256u * 1024 * 1024);
  EXPECT_EQ(config->body.spill_dir, "") << "TMPDIR's, or /tmp";
  EXPECT_THAT(config->warnings, IsEmpty());
  EXPECT_TRUE(CheckProxyConfig(*config).ok());
}

TEST_F(ProxyConfigTest, FullFileIsRead) {
  const json operations = json::parse(R"([
    {"op": "add", "path": "/listen", "value": "127.0.0.1:8080"},
    {"op": "add", "path": "/admin_listen", "value": "127.0.0.1:8081"},
    {"op": "add", "path": "/client_token_file", "value": "tokens.txt"},
    {"op": "add", "path": "/admin_token_file", "value": "tokens.txt"},
    {"op": "add", "path": "/log_level", "value": "debug"},
    {"op": "add", "path": "/limits", "value": {"max_body_bytes": 1, "max_header_bytes": 2048,
      "max_connections": 3, "connect_ms": 4, "response_head_ms": 5, "idle_ms": 6,
      "client_header_ms": 7, "keep_alive_ms": 8, "drain_ms": 9}},
    {"op": "add", "path": "/body", "value": {"mode": "stream", "memory_bytes": 10,
      "spill_dir": "spill", "expect_continue_bytes": 11}},
    {"op": "add", "path": "/dump_dir", "value": "dump"},
    {"op": "add", "path": "/tls", "value": {"cert_file": "c.pem", "key_file": "/k.pem"}},
    {"op": "add", "path": "/threads", "value": 2},
    {"op": "add", "path": "/no_byok", "value": true},
    {"op": "add", "path": "/allow_anonymous", "value": true},
    {"op": "add", "path": "/providers/0/prefix", "value": "/openai"},
    {"op": "add", "path": "/providers/0/policy", "value": "coder-v2"},
    {"op": "add", "path": "/providers/0/ca_file", "value": "ca.pem"}])");
  const Result<ProxyConfig> config = LoadProxyConfig(Changed(operations));
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->listen, "127.0.0.1:8080");
  EXPECT_EQ(config->admin_listen, "127.0.0.1:8081");
  EXPECT_THAT(config->client_tokens, ElementsAre("token-1"));
  EXPECT_THAT(config->admin_tokens, ElementsAre("token-1"));
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->limits.max_body_bytes, 1u);
  EXPECT_EQ(config->limits.max_header_bytes, 2048u);
  EXPECT_EQ(config->limits.max_connections, 3u);
  EXPECT_EQ(config->limits.connect.count(), 4);
  EXPECT_EQ(config->limits.response_head.count(), 5);
  EXPECT_EQ(config->limits.idle.count(), 6);
  EXPECT_EQ(config->limits.client_header.count(), 7);
  EXPECT_EQ(config->limits.keep_alive.count(), 8);
  EXPECT_EQ(config->limits.drain.count(), 9);
  EXPECT_EQ(config->body.mode, BodyMode::kStream);
  EXPECT_EQ(config->body.memory_bytes, 10u);
  EXPECT_EQ(config->body.spill_dir, dir_.File("spill"));
  EXPECT_EQ(config->body.expect_continue_bytes, 11u);
  EXPECT_EQ(config->dump_dir, dir_.File("dump"));
  EXPECT_EQ(config->tls_cert_file, dir_.File("c.pem"));
  EXPECT_EQ(config->tls_key_file, "/k.pem");
  EXPECT_EQ(config->threads, 2u);
  EXPECT_TRUE(config->no_byok);
  EXPECT_TRUE(config->allow_anonymous);
  EXPECT_EQ(config->routes[0].prefix, "/openai");
  EXPECT_EQ(config->routes[0].policy->name, "coder-v2");
  EXPECT_EQ(config->routes[0].ca_file, dir_.File("ca.pem"));
}

json Put(const char* path, json value) {
  return json::array({{{"op", "add"}, {"path", path}, {"value", std::move(value)}}});
}

TEST_F(ProxyConfigTest, MistakesAreNamedByPlaceAndReason) {
  EXPECT_THAT(ErrorOf(Put("/listn", "x")), HasSubstr("/listn: unknown key"));
  EXPECT_THAT(ErrorOf(Put("/providers/0/key", "x")), HasSubstr("/providers/0/key: unknown key"));
  EXPECT_THAT(ErrorOf(Put("/providers", json::array())), HasSubstr("/providers: must not be"));
  EXPECT_THAT(ErrorOf(Put("/providers/0/provider", "opnai")), HasSubstr("/providers/0/provider: "));
  EXPECT_THAT(ErrorOf(Put("/providers/0/base_url", "api.openai.com")),
              HasSubstr("/providers/0/base_url: invalid provider base URL"));
  EXPECT_THAT(ErrorOf(Put("/providers/0/policy", "coder-v9")),
              HasSubstr("/providers/0/policy: unknown policy \"coder-v9\""));
  EXPECT_THAT(ErrorOf(Put("/providers/0/policy", "./none.json")),
              HasSubstr("/providers/0/policy: "));
  EXPECT_THAT(ErrorOf(Put("/providers/0/keys_file", "none.txt")),
              HasSubstr("/providers/0/keys_file: " + dir_.File("none.txt") + ": cannot be read"));
  EXPECT_THAT(ErrorOf(Put("/providers/0/keys_file", "empty.txt")),
              HasSubstr("empty.txt: no keys provided"));
  EXPECT_THAT(ErrorOf(Put("/client_token_file", "empty.txt")), HasSubstr("no client tokens"));
  EXPECT_THAT(ErrorOf(Put("/limits", {{"idle_ms", 0}})), HasSubstr("/limits/idle_ms: "));
  EXPECT_THAT(ErrorOf(Put("/limits", {{"idle_sec", 1}})), HasSubstr("/limits/idle_sec: unknown"));
  EXPECT_THAT(ErrorOf(Put("/body", {{"mode", "file"}})), HasSubstr("/body/mode: "));
  EXPECT_THAT(ErrorOf(Put("/body", {{"memory_bytes", -1}})), HasSubstr("/body/memory_bytes: "));
  EXPECT_THAT(ErrorOf(Put("/body", {{"memory", 1}})), HasSubstr("/body/memory: unknown key"));
  EXPECT_THAT(ErrorOf(Put("/threads", "two")), HasSubstr("/threads: "));
  EXPECT_THAT(ErrorOf(Put("/schema_version", "2.0")), HasSubstr("/schema_version: "));
  const std::string twice = ErrorOf(Put("/providers/0/keys_file", "twice.txt"));
  EXPECT_THAT(twice, HasSubstr("twice.txt: duplicate key"));
  EXPECT_THAT(twice, Not(HasSubstr("same")));
}

TEST_F(ProxyConfigTest, TextThatIsNoJsonIsNamedByLine) {
  const Result<ProxyConfig> config = LoadProxyConfig(dir_.Write("bad.json", "{\n  \"a\": \n}"));
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message(), HasSubstr("bad.json: "));
  EXPECT_FALSE(LoadProxyConfig(dir_.File("absent.json")).ok());
}

TEST_F(ProxyConfigTest, SecretsThatOthersMayReadAreWarnedOf) {
  ::chmod(dir_.File("keys.txt").c_str(), 0644);
  const Result<ProxyConfig> config = LoadProxyConfig(Changed(json::array()));
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("keys.txt: other users may read")));
}

TEST_F(ProxyConfigTest, ExampleIsRead) {
  const Result<ProxyConfig> config = LoadProxyConfig(KEYWALK_EXAMPLES "/two_providers.json");
  ASSERT_TRUE(config.ok()) << config.error().message();
  ASSERT_EQ(config->routes.size(), 2u);
  EXPECT_EQ(config->routes[1].prefix, "/anthropic");
  EXPECT_TRUE(CheckProxyConfig(*config).ok());
}

// Checks of what no single field shows, from a configuration that passes.
class CheckProxyConfigTest : public ::testing::Test {
 protected:
  CheckProxyConfigTest() {
    RouteConfig& route = config_.routes.emplace_back();
    route.provider = FindProvider("openai");
    route.base_url = "https://api.openai.com/v1";
    route.policy = std::make_shared<const Policy>();
    route.keys = {"sk-key-one", "sk-key-two"};
  }

  std::string Check() const {
    const Result<ProxyConfig> checked = CheckProxyConfig(config_);
    return checked ? "fine" : checked.error().message();
  }

  ProxyConfig config_;
};

TEST_F(CheckProxyConfigTest, EachMistakeHasItsReason) {
  EXPECT_EQ(Check(), "fine");
  const ProxyConfig fine = config_;
  const auto check = [&](auto change) {
    config_ = fine;
    change(config_);
    return Check();
  };
  EXPECT_THAT(check([](ProxyConfig& c) { c.routes.clear(); }), HasSubstr("no provider"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.routes.push_back(c.routes[0]); }),
              HasSubstr("two routes have this prefix"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.routes[0].base_url = "ftp://x"; }),
              HasSubstr("invalid provider base URL"));
  EXPECT_THAT(check([](ProxyConfig& c) {
                c.routes[0].keys = {"sk-key-one", "sk-key-one"};
              }),
              HasSubstr("duplicate key"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.routes[0].provider = FindProvider("copilot"); }),
              HasSubstr("takes no pool"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.tls_cert_file = "c.pem"; }), HasSubstr("TLS needs"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.threads = 0; }), HasSubstr("threads"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.listen = "localhost"; }), HasSubstr("listen"));
  EXPECT_THAT(check([](ProxyConfig& c) { c.admin_listen = "8081"; }), HasSubstr("admin listen"));
  for (const char* prefix : {"openai", "/openai/", "/", "/a//b", "/a/../b", "/a%20b", "/a?b"}) {
    EXPECT_THAT(check([&](ProxyConfig& c) { c.routes[0].prefix = prefix; }),
                HasSubstr("a prefix is"));
  }
}

TEST_F(CheckProxyConfigTest, BeyondLoopbackNeedsTokensOrAWord) {
  for (const char* listen : {"0.0.0.0:80", "[::]:80", "192.0.2.1:80", "example.com:80"}) {
    config_.listen = listen;
    config_.allow_anonymous = false;
    config_.client_tokens = {};
    EXPECT_THAT(Check(), HasSubstr("beyond loopback")) << listen;
    config_.allow_anonymous = true;
    EXPECT_EQ(Check(), "fine");
    config_.allow_anonymous = false;
    config_.client_tokens = {"token"};
    EXPECT_EQ(Check(), "fine");
  }
  for (const char* listen : {"127.0.0.1:80", "127.8.9.1:80", "[::1]:80", "localhost:80"}) {
    config_.listen = listen;
    config_.client_tokens = {};
    EXPECT_EQ(Check(), "fine") << listen;
  }
}

TEST_F(CheckProxyConfigTest, OpenAdminPagesAndPlainUpstreamsAreWarnedOf) {
  config_.admin_listen = "0.0.0.0:81";
  config_.routes[0].base_url = "http://gateway.example/v1";
  const Result<ProxyConfig> checked = CheckProxyConfig(config_);
  ASSERT_TRUE(checked.ok());
  EXPECT_THAT(checked->warnings, ElementsAre(HasSubstr("admin pages"), HasSubstr("unencrypted")));
  config_.admin_tokens = {"admin-token"};
  EXPECT_THAT(CheckProxyConfig(config_)->warnings, ElementsAre(HasSubstr("unencrypted")));
}

}  // namespace
}  // namespace keywalk::proxy
