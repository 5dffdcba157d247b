// The command line: what is given reaches the configuration, and each wrong use ends with exit code
// 2 and a message that says what is wrong, without a key.
#include "proxy/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace keywalk::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Arguments = std::vector<std::string>;

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() { ::unsetenv("KEYWALK_KEYS"); }
  ~CommandLineTest() override { ::unsetenv("KEYWALK_KEYS"); }

  // Parses; keeps what was said on standard error.
  CommandLine Parse(Arguments arguments) {
    arguments.insert(arguments.begin(), "keywalk-proxy");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    ::testing::internal::CaptureStderr();
    CommandLine parsed = ParseCommandLine(static_cast<int>(pointers.size()), pointers.data());
    said_ = ::testing::internal::GetCapturedStderr();
    return parsed;
  }

  // Parses a minimal use with more arguments.
  CommandLine ParseWith(const Arguments& more) {
    Arguments arguments = {"--provider", "openai", "--base-url", "https://api.openai.com/v1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Parse(arguments);
  }

  void ExpectWrongUse(const CommandLine& parsed, const std::string& reason) {
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_THAT(said_, HasSubstr(reason));
  }

  const testing::TempDir dir_;
  std::string said_;
};

TEST_F(CommandLineTest, EveryOptionReachesTheConfiguration) {
  const std::string keys = dir_.Write("keys", "sk-key-one\nsk-key-two\n");
  const std::string tokens = dir_.Write("tokens", "token\n");
  const std::string admin_tokens = dir_.Write("admin_tokens", "admin-token\n");
  const CommandLine parsed = ParseWith({"--listen",
                                        "127.0.0.1:81",
                                        "--admin-listen",
                                        "127.0.0.1:82",
                                        "--keys-file",
                                        keys,
                                        "--policy",
                                        "coder-v2",
                                        "--prefix",
                                        "/o",
                                        "--ca-file",
                                        "ca",
                                        "--dump-dir",
                                        "d",
                                        "--max-body",
                                        "5",
                                        "--body-mode",
                                        "stream",
                                        "--body-memory",
                                        "64m",
                                        "--body-dir",
                                        dir_.path().string(),
                                        "--expect-continue",
                                        "1m",
                                        "--client-token-file",
                                        tokens,
                                        "--admin-token-file",
                                        admin_tokens,
                                        "--allow-anonymous",
                                        "--no-byok",
                                        "--tls-cert",
                                        "c",
                                        "--tls-key",
                                        "k",
                                        "--threads",
                                        "3",
                                        "--connect-ms",
                                        "7",
                                        "--log-level",
                                        "warn"});
  ASSERT_FALSE(parsed.exit_code) << said_;
  const ProxyConfig& config = parsed.config;
  EXPECT_EQ(config.listen, "127.0.0.1:81");
  EXPECT_EQ(config.admin_listen, "127.0.0.1:82");
  EXPECT_THAT(config.routes.at(0).keys, ElementsAre("sk-key-one", "sk-key-two"));
  EXPECT_EQ(config.routes[0].policy->name, "coder-v2");
  EXPECT_EQ(config.routes[0].prefix, "/o");
  EXPECT_EQ(config.routes[0].ca_file, "ca");
  EXPECT_EQ(config.dump_dir, "d");
  EXPECT_EQ(config.limits.max_body_bytes, 5u);
  EXPECT_EQ(config.body.mode, BodyMode::kStream);
  EXPECT_EQ(config.body.memory_bytes, 64u * 1024 * 1024);
  EXPECT_EQ(config.body.spill_dir, dir_.path().string());
  EXPECT_EQ(config.body.expect_continue_bytes, 1024u * 1024);
  EXPECT_THAT(config.client_tokens, ElementsAre("token"));
  EXPECT_THAT(config.admin_tokens, ElementsAre("admin-token"));
  EXPECT_TRUE(config.allow_anonymous && config.no_byok);
  EXPECT_EQ(config.tls_cert_file + config.tls_key_file, "ck");
  EXPECT_EQ(config.threads, 3u);
  EXPECT_EQ(config.limits.connect.count(), 7);
  EXPECT_EQ(config.limits.idle, ProxyLimits().idle);
  EXPECT_EQ(config.log_level, LogLevel::kWarn);
}

TEST_F(CommandLineTest, ArgumentsGoBeforeTheFileWhenThatIsReadAgain) {
  const std::string keys = dir_.Write("keys", "sk-key-one\n");
  const std::string file = dir_.Write("proxy.json", R"({"schema_version": "1.0", "providers": [
      {"provider": "openai", "base_url": "https://api.openai.com", "keys_file": "keys"}],
      "limits": {"idle_ms": 7, "drain_ms": 8}, "log_level": "debug"})");
  const CommandLine parsed = Parse({"--config", file, "--idle-ms", "9", "--threads", "2"});
  EXPECT_EQ(parsed.config.log_level, LogLevel::kDebug);
  dir_.Write("keys", "sk-key-two\n");
  const Result<ProxyConfig> again = parsed.read_again();
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_THAT(again->routes[0].keys, ElementsAre("sk-key-two"));
  EXPECT_EQ(again->limits.idle.count(), 9);
  EXPECT_EQ(again->limits.drain.count(), 8);
  EXPECT_EQ(again->threads, 2u);
  dir_.Write("proxy.json", R"({"schema_version": "1.0", "nonsense": 1})");
  ASSERT_FALSE(parsed.read_again().ok());
  EXPECT_THAT(parsed.read_again().error().message(), HasSubstr("proxy.json: "));
}

TEST_F(CommandLineTest, KeysMayComeFromTheEnvironment) {
  ::setenv("KEYWALK_KEYS", "sk-env-one\n# no key\nsk-env-two", 1);
  EXPECT_THAT(ParseWith({}).config.routes.at(0).keys, ElementsAre("sk-env-one", "sk-env-two"));
  const std::string keys = dir_.Write("keys", "sk-file\n");
  EXPECT_THAT(ParseWith({"--keys-file", keys}).config.routes.at(0).keys, ElementsAre("sk-file"));
  ::setenv("KEYWALK_KEYS", "sk-env-twice\nsk-env-twice", 1);
  ExpectWrongUse(ParseWith({}), "KEYWALK_KEYS: duplicate key");
  EXPECT_THAT(said_, Not(HasSubstr("twice")));
}

TEST_F(CommandLineTest, WithoutKeysThereIsAWarning) {
  const CommandLine parsed = ParseWith({});
  EXPECT_FALSE(parsed.exit_code);
  EXPECT_THAT(parsed.config.routes.at(0).keys, IsEmpty());
  EXPECT_THAT(parsed.config.warnings, ElementsAre(HasSubstr("no keys")));
}

TEST_F(CommandLineTest, ConfigIsReadAndOptionsGoBeforeIt) {
  const std::string config = dir_.Write("p.json", R"({"schema_version": "1.0", "threads": 2,
      "listen": "127.0.0.1:1", "providers": [{"provider": "copilot", "base_url": "https://x"}]})");
  const CommandLine parsed = Parse({"--config", config, "--listen", "127.0.0.1:2"});
  ASSERT_FALSE(parsed.exit_code) << said_;
  EXPECT_EQ(parsed.config.listen, "127.0.0.1:2");
  EXPECT_EQ(parsed.config.threads, 2u);
  ExpectWrongUse(Parse({"--config", config, "--provider", "openai"}), "--provider");
}

TEST_F(CommandLineTest, WrongUseEndsWithTwoAndAReason) {
  ExpectWrongUse(Parse({}), "--provider and --base-url are required");
  ExpectWrongUse(ParseWith({"--bogus"}), "--bogus");
  ExpectWrongUse(ParseWith({"--idle-ms", "0"}), "--idle-ms");
  ExpectWrongUse(ParseWith({"--log-level", "loud"}), "--log-level");
  ExpectWrongUse(ParseWith({"--policy", "none"}), "unknown policy \"none\"");
  ExpectWrongUse(ParseWith({"--keys-file", dir_.File("none")}), dir_.File("none"));
  ExpectWrongUse(ParseWith({"--keys-file", dir_.Write("e", "#\n")}), "no keys provided");
  ExpectWrongUse(ParseWith({"--client-token-file", dir_.File("e")}), "no client tokens provided");
  ExpectWrongUse(ParseWith({"--body-mode", "both"}), "--body-mode");
  ExpectWrongUse(ParseWith({"--body-memory", "much"}), "--body-memory");
  ExpectWrongUse(ParseWith({"--body-dir", dir_.File("none")}), dir_.File("none"));
  ExpectWrongUse(ParseWith({"--listen", "0.0.0.0:1"}), "beyond loopback");
  ExpectWrongUse(Parse({"--provider", "openai", "--base-url", "nowhere"}),
                 "invalid provider base URL");
  ExpectWrongUse(Parse({"--provider", "x", "--base-url", "http://x"}), "unknown provider \"x\"");
  ExpectWrongUse(Parse({"--config", dir_.Write("c.json", "{}")}), "c.json: /schema_version");
}

}  // namespace
}  // namespace keywalk::proxy
