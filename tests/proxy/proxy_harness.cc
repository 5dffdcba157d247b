#include "tests/proxy/proxy_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "keywalk/config.h"

namespace keywalk::proxy {
namespace {

constexpr std::chrono::seconds kLimit{10};

// The mock's script: keys in place of their names.
std::string ScriptText(const std::string& lanes) {
  const nlohmann::json given = nlohmann::json::parse(lanes);
  const std::pair<const char*, const char*> names[] = {
      {"k0", kKey0}, {"k1", kKey1}, {"own", kOwnKey}};
  nlohmann::json script = {{"schema_version", "1.0"}, {"lanes", nlohmann::json::object()}};
  for (const auto& [name, key] : names) {
    if (!given.contains(name)) continue;
    script["lanes"][key] = given[name];
    script["lanes"][key]["name"] = name;
  }
  if (given.contains("default")) {
    script["default_lane"] = given["default"];
    script["default_lane"]["name"] = "default";
  }
  return script.dump();
}

std::uint16_t PortOf(const std::string& address) {
  std::uint16_t port = 0;
  const std::size_t colon = address.rfind(':');
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  return port;
}

template <typename T>
T Need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

}  // namespace

ProxyHarness::ProxyHarness(const HarnessOptions& options)
    : options_(options), clock_(std::make_shared<ManualClock>()) {
  StartMock();
  StartProxy();
}

ProxyHarness::~ProxyHarness() {
  StopProxy();
  const std::string log = Log();
  for (const std::string_view secret : {kKey0, kKey1, kOwnKey, kToken}) {
    // Half a key is too much as well.
    EXPECT_EQ(log.find(secret.substr(6, 12)), log.npos) << log;
  }
}

void ProxyHarness::StartMock() {
  mock::Script script = Need(mock::ParseScript(ScriptText(options_.lanes), "test"));
  mock_ = Need(mock::MockServer::Start({}, std::move(script)));
}

ProxyConfig ProxyHarness::Config() const {
  ProxyConfig config;
  config.admin_listen = "127.0.0.1:0";
  RouteConfig& route = config.routes.emplace_back();
  route.provider = FindProvider(options_.provider);
  route.base_url = mock_->url();
  route.policy = std::make_shared<const Policy>(Need(LoadPolicy(options_.policy)));
  route.keys = options_.keys;
  if (options_.adjust) options_.adjust(config);
  return config;
}

void ProxyHarness::StartProxy() {
  proxy_ = Need(ProxyServer::Start(Config(), clock_, [this](LogLevel, std::string_view l) {
    const std::lock_guard lock(log_mutex_);
    log_.emplace_back(l);
    log_grew_.notify_all();
  }));
}

bool ProxyHarness::Reload(const std::function<void(ProxyConfig&)>& change) {
  ProxyConfig config = Config();
  change(config);
  return proxy_->Reload(std::move(config));
}

void ProxyHarness::Begin(testing::RawClient& client) {
  client.Send(testing::RequestText("POST", "/v1/chat/completions",
                                   {{"Content-Length", "2"}, {"Expect", "100-continue"}}));
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const testing::ReadEnd end = client.ReadUntil(kContinue);
  if (end != testing::ReadEnd::kDone) throw std::runtime_error("the request has not begun");
  client.Take(kContinue.size());
}

testing::RawReply ProxyHarness::Send(std::string_view method, std::string_view target,
                                     const Headers& headers, std::string_view body) {
  testing::RawClient client(proxy_->port());
  client.Send(testing::RequestText(method, target, headers, body));
  return testing::ReadReply(client, method);
}

testing::RawReply ProxyHarness::Admin(std::string_view target, std::string_view method,
                                      const Headers& headers) {
  testing::RawClient client(PortOf(proxy_->admin_address()));
  client.Send(testing::RequestText(method, target, headers));
  return testing::ReadReply(client, method);
}

std::vector<std::string> ProxyHarness::Attempts() const {
  std::vector<std::string> lanes;
  for (const mock::JournalEntry& entry : mock_->Journal()) lanes.push_back(entry.lane);
  return lanes;
}

std::vector<std::string> ProxyHarness::States() const {
  std::vector<std::string> states;
  const std::shared_ptr<KeyPool> pool = proxy_->pool("");
  for (KeyIndex i = 0; i < pool->size(); ++i) {
    states.emplace_back(ToString(pool->state(i, clock_->now())));
  }
  return states;
}

bool ProxyHarness::WaitForLog(std::string_view text, std::size_t count) const {
  std::unique_lock lock(log_mutex_);
  return log_grew_.wait_for(lock, kLimit, [&] {
    const auto holds = [text](const std::string& line) { return line.find(text) != line.npos; };
    return static_cast<std::size_t>(std::ranges::count_if(log_, holds)) >= count;
  });
}

std::string ProxyHarness::Log() const {
  const std::lock_guard lock(log_mutex_);
  std::string all;
  for (const std::string& line : log_) all += line + "\n";
  return all;
}

}  // namespace keywalk::proxy
