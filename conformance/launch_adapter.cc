#include "conformance/launch_adapter.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "config/new_file.h"
#include "conformance/child_process.h"
#include "conformance/config_template.h"
#include "conformance/free_ports.h"
#include "conformance/masked_log.h"
#include "conformance/private_folder.h"
#include "conformance/shell_word.h"
#include "conformance/wire_client.h"
#include "keywalk/http_transport.h"
#include "keywalk/provider.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kKeptLines = 10;
constexpr Milliseconds kVersionLimit{30'000};
constexpr Milliseconds kHealthRequestLimit{2'000};
// A program that ends takes no connection any more a little before its process is gone.
constexpr Milliseconds kEndingLimit{500};
// Between two questions whether the program is up; doubled each time.
constexpr Milliseconds kFirstPause{5};
constexpr Milliseconds kLongestPause{100};

// The first thing like "1.22.1" in a line; empty: none.
std::string FindVersion(std::string_view line) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (!is_digit(line[at])) continue;
    std::size_t end = at;
    while (end < line.size() && (is_digit(line[end]) || line[end] == '.')) ++end;
    const std::string_view number = line.substr(at, end - at);
    if (number.find('.') != std::string_view::npos && number.back() != '.') {
      return std::string(number);
    }
    at = end;
  }
  return "";
}

void SetPlace(TemplateScope& scope, std::size_t index, std::size_t count) {
  scope.texts["index"] = std::to_string(index);
  scope.texts["next"] = std::to_string(index + 1);
  scope.flags["first"] = index == 0;
  scope.flags["last"] = index + 1 == count;
}

TemplateScope KeyScope(const PoolSetup& pool, std::size_t index) {
  TemplateScope scope;
  SetPlace(scope, index, pool.keys.size());
  scope.texts["key"] = pool.keys[index];
  Headers auth;
  if (const Provider* provider = FindProvider(pool.provider)) {
    provider->InjectAuthKey(auth, pool.keys[index]);
  }
  for (const Headers::Field field : auth) {
    scope.texts["auth_name"] = field.name;
    scope.texts["auth_value"] = field.value;
  }
  return scope;
}

Result<TemplateScope> PoolScope(const PoolSetup& pool, std::size_t index, std::size_t count) {
  const Result<BaseUrl> upstream = BaseUrl::Parse(pool.base_url);
  if (!upstream) return upstream.error();
  TemplateScope scope;
  SetPlace(scope, index, count);
  scope.texts["pool"] = pool.id;
  scope.texts["provider"] = pool.provider;
  scope.texts["policy"] = pool.policy;
  scope.texts["upstream_url"] = pool.base_url;
  scope.texts["upstream_host"] = upstream->host;
  scope.texts["upstream_port"] = upstream->port;
  scope.texts["upstream_path"] = upstream->path;
  scope.texts["key_count"] = std::to_string(pool.keys.size());
  for (const std::string_view name : ProviderNames()) {
    scope.flags[std::string(name)] = pool.provider == name;
  }
  std::vector<TemplateScope>& keys = scope.lists["keys"];
  for (std::size_t i = 0; i < pool.keys.size(); ++i) keys.push_back(KeyScope(pool, i));
  return scope;
}

bool Mentions(const LaunchFile& file, std::string_view name) {
  return file.config_template.find(name) != std::string::npos ||
         file.base_url.find(name) != std::string::npos ||
         std::any_of(file.command.begin(), file.command.end(),
                     [&](const std::string& word) { return word.find(name) != std::string::npos; });
}

class LaunchAdapter final : public Adapter {
 public:
  LaunchAdapter(LaunchFile file, LaunchAdapterOptions options)
      : file_(std::move(file)), options_(std::move(options)), log_(options_.log, kKeptLines) {}
  ~LaunchAdapter() override { Stop(); }

  Reply<Identity> Hello() override {
    Identity identity;
    identity.name = file_.name;
    identity.language = file_.language;
    identity.policies = file_.policies;
    identity.capabilities = file_.capabilities;
    if (file_.stateless) identity.capabilities.emplace_back("clock");
    if (file_.version_command.empty()) return identity;
    Result<std::string> version = AskVersion();
    if (!version) return Refusal::Error(version.error().message());
    identity.version = *std::move(version);
    return identity;
  }

  Reply<PoolEndpoints> Setup(const std::vector<PoolSetup>& pools) override {
    std::vector<std::string> secrets;
    for (const PoolSetup& pool : pools) {
      secrets.insert(secrets.end(), pool.keys.begin(), pool.keys.end());
    }
    log_.SetSecrets(std::move(secrets));
    if (const auto error = MakeScope(pools)) return Refusal::Error(error->message());
    if (const auto error = WriteConfig()) return Refusal::Error(error->message());
    if (const auto error = Start()) return Refusal::Error(error->message());
    PoolEndpoints endpoints;
    for (std::size_t i = 0; i < pools.size(); ++i) {
      Result<PoolEndpoint> endpoint = Endpoint(scope_.lists["pools"][i]);
      if (!endpoint) return Refusal::Error(endpoint.error().message());
      endpoints.emplace(pools[i].id, *std::move(endpoint));
    }
    return endpoints;
  }

  // Time that is moved changes nothing of a program that remembers nothing.
  std::optional<Refusal> Advance(Milliseconds) override {
    if (file_.stateless) return std::nullopt;
    return Impossible("clock");
  }
  Reply<std::vector<std::string>> KeyStates(const std::string&) override {
    return Impossible("key_states");
  }
  Reply<Trace> Decide(const Case&, const LoadedPolicy&) override { return Impossible("decide"); }

  std::string Ending() override {
    if (child_ && child_->WaitForExit(kEndingLimit)) {
      ending_ = Failure("has ended", true).message();
    }
    return ending_;
  }

  void Stop() override {
    if (!child_) return;
    child_->Signal(file_.stop_signal);
    child_->WaitForExit(options_.stop_limit);
    child_->Stop(Milliseconds(0));  // and what it has left behind
    child_.reset();
  }

 private:
  static Refusal Impossible(const std::string& capability) {
    return Refusal(Refusal::Kind::kSkipped, "a launched program has no " + capability);
  }

  // The line for `sh` that runs a command in the launch file's folder.
  std::string CommandLine(const std::vector<std::string>& words) const {
    std::string line = "cd " + ShellQuoted(file_.folder) + " && exec";
    for (const std::string& word : words) line += " " + ShellQuoted(word);
    return line;
  }

  Result<std::string> AskVersion() {
    auto child = ChildProcess::Start(CommandLine(file_.version_command) + " 2>&1 </dev/null",
                                     [this](std::string_view line) { log_.Print(line); });
    if (!child) return child.error();
    const auto deadline = SteadyClock::now() + kVersionLimit;
    std::string first;
    for (;;) {
      const auto left = std::chrono::ceil<Milliseconds>(deadline - SteadyClock::now());
      const Result<std::string> line = (*child)->ReadLine(std::max(left, Milliseconds(0)));
      if (!line && first.empty()) {
        return Error("version_command " + line.error().message());
      }
      if (!line) return first.substr(0, 60);
      if (std::string version = FindVersion(*line); !version.empty()) return version;
      if (first.empty()) first = *line;
    }
  }

  std::optional<Error> MakeScope(const std::vector<PoolSetup>& pools) {
    if (!folder_.Make()) {
      return Error(std::string("cannot make a temporary folder: ") + std::strerror(errno));
    }
    const std::size_t own_ports = Mentions(file_, "listen_port") ? pools.size() : 0;
    const Result<std::vector<std::uint16_t>> ports = FindFreePorts(1 + own_ports);
    if (!ports) return ports.error();
    scope_.texts["name"] = file_.name;
    scope_.texts["dir"] = folder_.path();
    scope_.texts["config"] = folder_.path() + "/" + file_.config_name;
    scope_.texts["port"] = std::to_string(ports->front());
    for (std::size_t i = 0; i < pools.size(); ++i) {
      Result<TemplateScope> scope = PoolScope(pools[i], i, pools.size());
      if (!scope) return scope.error();
      if (own_ports > 0) scope->texts["listen_port"] = std::to_string((*ports)[1 + i]);
      scope_.lists["pools"].push_back(*std::move(scope));
    }
    return std::nullopt;
  }

  // `what` is where the template stands; `pool` is null outside of pools.
  Result<std::string> Render(const std::string& text, const std::string& what,
                             const TemplateScope* pool = nullptr) const {
    std::vector<const TemplateScope*> scopes = {&scope_};
    if (pool != nullptr) scopes.push_back(pool);
    Result<std::string> rendered = RenderTemplate(text, scopes);
    if (!rendered) return Error(what + ": " + rendered.error().message());
    return rendered;
  }

  std::string Place(const std::string& pointer) const { return file_.path + ": " + pointer; }

  std::optional<Error> WriteConfig() const {
    if (file_.config_name.empty()) return std::nullopt;
    const Result<std::string> text = Render(file_.config_template, file_.config_source);
    if (!text) return text.error();
    const std::string path = scope_.texts.at("config");
    const int error = config::WriteNewFile(path, *text, config::Durability::kCached);
    if (error == 0) return std::nullopt;
    return Error(path + ": cannot be written: " + std::strerror(error));
  }

  std::optional<Error> Start() {
    std::vector<std::string> words;
    if (!file_.environment.empty()) words.emplace_back("env");
    for (const auto& [name, text] : file_.environment) {
      const Result<std::string> value = Render(text, Place("/environment/" + name));
      if (!value) return value.error();
      words.push_back(name + "=" + *value);
    }
    for (std::size_t i = 0; i < file_.command.size(); ++i) {
      Result<std::string> word = Render(file_.command[i], Place("/command/" + std::to_string(i)));
      if (!word) return word.error();
      words.push_back(*std::move(word));
    }
    const Result<std::string> health_url = Render(file_.health_url, Place("/health_url"));
    if (!health_url) return health_url.error();
    auto child = ChildProcess::Start(CommandLine(words) + " 1>&2 </dev/null",
                                     [this](std::string_view line) { log_.Print(line); });
    if (!child) return child.error();
    child_ = *std::move(child);
    return WaitUntilHealthy(*health_url);
  }

  std::optional<Error> WaitUntilHealthy(const std::string& url) {
    const Result<BaseUrl> target = BaseUrl::Parse(url);
    if (!target || target->tls) return Error(Place("/health_url") + ": expected an http URL");
    WireRequest request;
    request.method = "GET";
    request.host = target->host;
    request.port = target->port;
    request.authority = target->authority;
    request.target = target->path.empty() ? "/" : target->path;
    request.limit = std::min(file_.start_limit, kHealthRequestLimit);
    const auto deadline = SteadyClock::now() + file_.start_limit;
    for (Milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
      const WireExchange exchange = Exchange(request);
      if (exchange.response.complete && exchange.response.status < 500) return std::nullopt;
      if (child_->WaitForExit(pause)) return Failure("ended before " + url + " answered", true);
      if (SteadyClock::now() >= deadline) {
        return Failure(
            "was not healthy within " + std::to_string(file_.start_limit.count()) + " ms: " + url +
            " gave " +
            (exchange.answered ? std::to_string(exchange.response.status) : exchange.error));
      }
    }
  }

  // Ends the program, and says what went wrong with its last lines.
  Error Failure(const std::string& what, bool ended_by_itself = false) {
    child_->Stop(Milliseconds(0));
    std::string text = file_.name + " " + what;
    if (ended_by_itself) text += " (" + child_->ending() + ")";
    child_.reset();  // its output has been read to the end now
    const std::string last = log_.TakeLast("\n      ");
    if (!last.empty()) text += "; its last lines:\n      " + last;
    return Error(std::move(text));
  }

  Result<PoolEndpoint> Endpoint(const TemplateScope& pool) const {
    PoolEndpoint endpoint;
    Result<std::string> base_url = Render(file_.base_url, Place("/base_url"), &pool);
    if (!base_url) return base_url.error();
    endpoint.base_url = *std::move(base_url);
    for (const auto& [name, text] : file_.headers) {
      const Result<std::string> value = Render(text, Place("/headers/" + name), &pool);
      if (!value) return value.error();
      if (!IsValidHeaderName(name) || !IsValidHeaderValue(*value)) {
        return Error(Place("/headers/" + name) + ": not a header field");
      }
      endpoint.headers.Add(name, *value);
    }
    if (file_.body == nullptr) return endpoint;
    json body = *file_.body;
    if (const auto error = RenderStrings(body, pool)) return *error;
    endpoint.body = std::make_shared<const json>(std::move(body));
    return endpoint;
  }

  std::optional<Error> RenderStrings(json& value, const TemplateScope& pool) const {
    if (value.is_string()) {
      Result<std::string> text = Render(value.get<std::string>(), Place("/body"), &pool);
      if (!text) return text.error();
      value = *std::move(text);
    }
    if (!value.is_structured()) return std::nullopt;
    for (json& member : value) {
      if (auto error = RenderStrings(member, pool)) return error;
    }
    return std::nullopt;
  }

  const LaunchFile file_;
  const LaunchAdapterOptions options_;
  MaskedLog log_;
  PrivateFolder folder_;
  TemplateScope scope_;
  std::string ending_;                   // by itself
  std::unique_ptr<ChildProcess> child_;  // after what it uses
};

}  // namespace

std::unique_ptr<Adapter> NewLaunchAdapter(LaunchFile file, LaunchAdapterOptions options) {
  return std::make_unique<LaunchAdapter>(std::move(file), std::move(options));
}

}  // namespace keywalk::conformance
