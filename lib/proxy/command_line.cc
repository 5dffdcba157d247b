#include "proxy/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "config/token_file.h"
#include "keywalk/config.h"
#include "keywalk/key_pool.h"

namespace keywalk::proxy {
namespace {

constexpr int kWrongUse = 2;
constexpr std::int64_t kWeekMs = std::int64_t{7} * 24 * 3600 * 1000;
constexpr const char* kListeners = "Listeners";
constexpr const char* kUpstream = "Upstream";
constexpr const char* kClients = "Clients";
constexpr const char* kBodies = "Bodies of requests with the pool's keys";
constexpr const char* kLimits = "Limits";

// As given; what is not given keeps what the --config file says, or the default.
struct Arguments {
  std::string config_file;
  std::optional<std::string> listen;
  std::optional<std::string> admin_listen;
  std::optional<std::string> admin_token_file;
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::optional<std::size_t> threads;

  std::string provider;
  std::string base_url;
  std::string prefix;
  std::string keys_file;
  std::string policy = "coder-v1";
  std::string ca_file;

  std::optional<std::string> client_token_file;
  bool allow_anonymous = false;
  bool no_byok = false;
  std::optional<std::string> dump_dir;

  std::optional<std::uint64_t> max_body;
  std::optional<std::string> body_mode;
  std::optional<std::uint64_t> body_memory;
  std::optional<std::string> body_dir;
  std::optional<std::uint64_t> expect_continue;
  std::optional<std::size_t> max_header;
  std::optional<std::size_t> max_connections;
  std::map<std::string, std::optional<std::int64_t>> times_ms;  // by option name
  std::optional<std::string> log_level;
};

struct TimeOption {
  const char* name;
  const char* description;
  std::chrono::milliseconds ProxyLimits::*limit;
};
constexpr TimeOption kTimeOptions[] = {
    {"--connect-ms", "Connect to the upstream: name, TCP and TLS", &ProxyLimits::connect},
    {"--response-head-ms", "Wait for the head of a response", &ProxyLimits::response_head},
    {"--idle-ms", "Silence between two pieces of a body", &ProxyLimits::idle},
    {"--client-header-ms", "First byte of a client's request to its blank line",
     &ProxyLimits::client_header},
    {"--keep-alive-ms", "Unused client connection", &ProxyLimits::keep_alive},
    {"--drain-ms", "Requests in flight after SIGTERM", &ProxyLimits::drain},
};

void AddListenerOptions(CLI::App& app, Arguments& arguments) {
  app.add_option("--listen", arguments.listen,
                 "Address for clients, port 0 for a free one (127.0.0.1:0)")
      ->type_name("HOST:PORT")
      ->group(kListeners);
  app.add_option("--admin-listen", arguments.admin_listen,
                 "Address of /metrics, /healthz and /pool (none)")
      ->type_name("HOST:PORT")
      ->group(kListeners);
  app.add_option("--admin-token-file", arguments.admin_token_file,
                 "Tokens, one a line: /metrics and /pool ask for one (none)")
      ->type_name("FILE")
      ->group(kListeners);
  app.add_option("--tls-cert", arguments.tls_cert, "Certificate chain (PEM): serve TLS")
      ->type_name("FILE")
      ->group(kListeners);
  app.add_option("--tls-key", arguments.tls_key, "Its key (PEM)")
      ->type_name("FILE")
      ->group(kListeners);
  app.add_option("--threads", arguments.threads, "Threads (1)")->group(kListeners);
}

void AddUpstreamOptions(CLI::App& app, Arguments& arguments) {
  CLI::Option* config = app.add_option("--config", arguments.config_file,
                                       "Configuration (JSON): several providers on one proxy")
                            ->type_name("FILE")
                            ->group(kUpstream);
  const auto add = [&](const char* name, std::string& value, const char* description) {
    return app.add_option(name, value, description)->excludes(config)->group(kUpstream);
  };
  std::string providers;
  for (const std::string_view name : ProviderNames()) {
    providers += (providers.empty() ? "" : ", ") + std::string(name);
  }
  add("--provider", arguments.provider, ("Provider: " + providers).c_str())->type_name("NAME");
  add("--base-url", arguments.base_url, "Its address, such as https://api.openai.com/v1")
      ->type_name("URL");
  add("--keys-file", arguments.keys_file,
      "Keys, one a line (else the variable KEYWALK_KEYS; without keys requests pass through)")
      ->type_name("FILE");
  add("--policy", arguments.policy, "Failover policy: a built-in name or a file (coder-v1)")
      ->type_name("NAME|FILE");
  add("--prefix", arguments.prefix, "Path prefix that clients use, such as /openai (none)")
      ->type_name("PATH");
  add("--ca-file", arguments.ca_file, "Certificates to trust (PEM) in place of the system's")
      ->type_name("FILE");
  app.add_option("--dump-dir", arguments.dump_dir,
                 "Record every upstream call there, one file each, keys masked")
      ->type_name("FOLDER")
      ->group(kUpstream);
}

void AddClientOptions(CLI::App& app, Arguments& arguments) {
  app.add_option("--client-token-file", arguments.client_token_file,
                 "Tokens, one a line, that clients show to use the pool")
      ->type_name("FILE")
      ->group(kClients);
  app.add_flag("--allow-anonymous", arguments.allow_anonymous,
               "Listen beyond loopback without client tokens")
      ->group(kClients);
  app.add_flag("--no-byok", arguments.no_byok, "Refuse clients that bring their own key")
      ->group(kClients);
}

void AddBodyOptions(CLI::App& app, Arguments& arguments) {
  const CLI::AsSizeValue binary_size(false);
  app.add_option("--body-mode", arguments.body_mode,
                 "buffer: an attempt begins when the client's body is there (buffer);\n"
                 "stream: with its first bytes, while the rest is recorded for the next attempt")
      ->check(CLI::IsMember({"buffer", "stream"}).description(""))
      ->type_name("MODE")
      ->group(kBodies);
  app.add_option("--body-memory", arguments.body_memory,
                 "Memory for all of them; more goes to unlinked files (256m)")
      ->transform(binary_size.description(""))
      ->type_name("BYTES")
      ->group(kBodies);
  app.add_option("--body-dir", arguments.body_dir, "Folder of those files (TMPDIR, else /tmp)")
      ->type_name("FOLDER")
      ->group(kBodies);
  app.add_option("--expect-continue", arguments.expect_continue,
                 "Hold bodies from this size back until the upstream asks for them (0: never)")
      ->transform(binary_size.description(""))
      ->type_name("BYTES")
      ->group(kBodies);
}

void AddLimitOptions(CLI::App& app, Arguments& arguments) {
  app.add_option("--max-body", arguments.max_body, "Largest request body (134217728)")
      ->type_name("BYTES")
      ->group(kLimits);
  app.add_option("--max-header", arguments.max_header, "Largest message head (65536)")
      ->type_name("BYTES")
      ->group(kLimits);
  app.add_option("--max-connections", arguments.max_connections, "Client connections (10000)")
      ->group(kLimits);
  const ProxyLimits defaults;
  for (const TimeOption& option : kTimeOptions) {
    const std::string text = std::string(option.description) + " (" +
                             std::to_string((defaults.*option.limit).count()) + ")";
    app.add_option(option.name, arguments.times_ms[option.name], text)
        ->check(CLI::Range(std::int64_t{1}, kWeekMs).description(""))
        ->type_name("MS")
        ->group(kLimits);
  }
}

std::vector<std::string> LevelNames() {
  const std::vector<std::string_view> names = LogLevelNames();
  return {names.begin(), names.end()};
}

Result<RouteConfig> MakeRoute(const Arguments& arguments, std::vector<std::string>& warnings) {
  RouteConfig route;
  if (arguments.provider.empty() || arguments.base_url.empty()) {
    return Error("--provider and --base-url are required (or --config)");
  }
  route.provider = FindProvider(arguments.provider);
  if (route.provider == nullptr) return Error("unknown provider \"" + arguments.provider + "\"");
  route.base_url = arguments.base_url;
  route.prefix = arguments.prefix;
  route.ca_file = arguments.ca_file;
  Result<Policy> policy = LoadPolicy(arguments.policy);
  if (!policy) return policy.error();
  route.policy = std::make_shared<const Policy>(std::move(*policy));
  if (!arguments.keys_file.empty()) {
    Result<Secrets> keys = LoadPoolKeys(arguments.keys_file, warnings);
    if (!keys) return keys.error();
    route.keys = std::move(*keys);
  } else if (const char* keys = std::getenv("KEYWALK_KEYS")) {
    route.keys = ParseKeyLines(keys);
    if (route.keys.empty()) return route;
    const Result<std::shared_ptr<KeyPool>> pool = KeyPool::Create(route.keys);
    if (!pool) return Error("KEYWALK_KEYS: " + pool.error().message());
  }
  return route;
}

// What is given on the command line goes before what the file says.
void Override(const Arguments& arguments, ProxyConfig& config) {
  const auto set = [](const auto& given, auto& value) {
    if (given) value = *given;
  };
  set(arguments.listen, config.listen);
  set(arguments.admin_listen, config.admin_listen);
  set(arguments.tls_cert, config.tls_cert_file);
  set(arguments.tls_key, config.tls_key_file);
  set(arguments.threads, config.threads);
  set(arguments.dump_dir, config.dump_dir);
  if (arguments.body_mode) {
    config.body.mode = *arguments.body_mode == "stream" ? BodyMode::kStream : BodyMode::kBuffer;
  }
  set(arguments.body_memory, config.body.memory_bytes);
  set(arguments.body_dir, config.body.spill_dir);
  set(arguments.expect_continue, config.body.expect_continue_bytes);
  set(arguments.max_body, config.limits.max_body_bytes);
  set(arguments.max_header, config.limits.max_header_bytes);
  set(arguments.max_connections, config.limits.max_connections);
  for (const TimeOption& option : kTimeOptions) {
    const std::optional<std::int64_t>& time_ms = arguments.times_ms.at(option.name);
    if (time_ms) config.limits.*option.limit = std::chrono::milliseconds(*time_ms);
  }
  config.allow_anonymous = config.allow_anonymous || arguments.allow_anonymous;
  config.no_byok = config.no_byok || arguments.no_byok;
  if (arguments.log_level) config.log_level = *ParseLogLevel(*arguments.log_level);
}

Result<bool> LoadTokens(const Arguments& arguments, ProxyConfig& config) {
  const auto load = [&config](const std::optional<std::string>& file, std::string_view what,
                              Secrets& tokens) -> Result<bool> {
    if (!file) return true;
    Result<Secrets> loaded = config::LoadTokenFile(*file, what, config.warnings);
    if (!loaded) return loaded.error();
    tokens = std::move(*loaded);
    return true;
  };
  const Result<bool> of_clients =
      load(arguments.client_token_file, "client token", config.client_tokens);
  if (!of_clients) return of_clients;
  return load(arguments.admin_token_file, "admin token", config.admin_tokens);
}

Result<ProxyConfig> MakeConfig(const Arguments& arguments) {
  ProxyConfig config;
  config.log_level = LogLevel::kInfo;
  if (!arguments.config_file.empty()) {
    Result<ProxyConfig> loaded = LoadProxyConfig(arguments.config_file);
    if (!loaded) return loaded;
    config = std::move(*loaded);
  } else {
    Result<RouteConfig> route = MakeRoute(arguments, config.warnings);
    if (!route) return route.error();
    config.routes.push_back(std::move(*route));
  }
  const Result<bool> tokens = LoadTokens(arguments, config);
  if (!tokens) return tokens.error();
  Override(arguments, config);
  return CheckProxyConfig(std::move(config));
}

}  // namespace

CommandLine ParseCommandLine(int argc, char** argv) {
  CLI::App app(
      "Passthrough proxy to AI providers that tries the next API key when one is refused.\n"
      "Keys come from a file or the environment, never from the command line.");
  Arguments arguments;
  AddListenerOptions(app, arguments);
  AddUpstreamOptions(app, arguments);
  AddClientOptions(app, arguments);
  AddBodyOptions(app, arguments);
  AddLimitOptions(app, arguments);
  app.add_option("--log-level", arguments.log_level, "Lowest level that is logged (info)")
      ->check(CLI::IsMember(LevelNames()));
  app.set_version_flag("--version", "keywalk-proxy " KEYWALK_VERSION);

  CommandLine command_line;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    command_line.exit_code = app.exit(error) == 0 ? 0 : kWrongUse;
    return command_line;
  }
  Result<ProxyConfig> config = MakeConfig(arguments);
  if (!config) {
    const std::string reason = config::Printable(config.error().message());
    std::fprintf(stderr, "keywalk-proxy: %s\n", reason.c_str());
    command_line.exit_code = kWrongUse;
    return command_line;
  }
  command_line.config = std::move(*config);
  command_line.read_again = [arguments = std::move(arguments)] { return MakeConfig(arguments); };
  return command_line;
}

}  // namespace keywalk::proxy
