// Reads --config files: fixtures/schema/proxy_config.schema.json in C++.
#include "proxy/proxy_config.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/json_reader.h"
#include "config/schema_version.h"
#include "config/token_file.h"
#include "keywalk/config.h"
#include "keywalk/http_transport.h"
#include "keywalk/key_pool.h"

namespace keywalk::proxy {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kTimeRangeMs{1, std::int64_t{7} * 24 * 3600 * 1000};
constexpr IntegerRange kBodyRange{0, std::int64_t{1} << 40};
constexpr IntegerRange kHeaderRange{1024, std::int64_t{1} << 24};
constexpr IntegerRange kConnectionsRange{1, 1'000'000};
constexpr IntegerRange kThreadsRange{1, 256};

// Paths in a file are relative to the file's folder, so that it means the same from anywhere.
std::string Resolve(const std::filesystem::path& folder, const std::string& path) {
  if (path.empty()) return path;
  return (folder / path).lexically_normal().string();
}

// Reads one --config file; holds what its parts share.
class ConfigReader {
 public:
  ConfigReader(const std::string& path, JsonProblems& problems)
      : folder_(std::filesystem::path(path).parent_path()), problems_(problems) {}

  ProxyConfig Read(const json& root) {
    ObjectReader object(root, "", problems_);
    config::CheckSchemaVersion(object);
    config_.listen = object.String("listen", config_.listen);
    config_.admin_listen = object.String("admin_listen");
    config_.threads = static_cast<std::size_t>(object.Integer("threads", 1, kThreadsRange));
    config_.no_byok = object.Boolean("no_byok", false);
    config_.allow_anonymous = object.Boolean("allow_anonymous", false);
    config_.log_level = *ParseLogLevel(object.Choice("log_level", "info", LogLevelNames()));
    config_.dump_dir = File(object, "dump_dir", object.String("dump_dir"));
    config_.client_tokens = Tokens(object, "client_token_file", "client token");
    config_.admin_tokens = Tokens(object, "admin_token_file", "admin token");
    ReadTls(object);
    ReadLimits(object);
    ReadBody(object);
    ReadProviders(object);
    object.Finish();
    return std::move(config_);
  }

 private:
  // The value, or a default and the error as a problem of that member.
  template <typename T>
  T Take(ObjectReader& object, std::string_view key, Result<T> result) {
    if (result) return std::move(*result);
    object.Problem(key, result.error().message());
    return T{};
  }

  // A file name. The system's ends at a NUL, which would make it another one.
  std::string File(ObjectReader& object, std::string_view key, std::string name) {
    if (name.find('\0') != name.npos) object.Problem(key, "a file name must not hold a NUL");
    return Resolve(folder_, name);
  }

  Secrets Tokens(ObjectReader& object, std::string_view key, std::string_view what) {
    if (!object.Has(key)) return {};
    const std::string file = File(object, key, object.String(key));
    return Take(object, key, config::LoadTokenFile(file, what, config_.warnings));
  }

  void ReadTls(ObjectReader& parent) {
    const json* value = parent.Object("tls");
    if (value == nullptr) return;
    ObjectReader object(*value, parent.PointerTo("tls"), problems_);
    config_.tls_cert_file = File(object, "cert_file", object.RequiredString("cert_file"));
    config_.tls_key_file = File(object, "key_file", object.RequiredString("key_file"));
    object.Finish();
  }

  void ReadLimits(ObjectReader& parent) {
    const json* value = parent.Object("limits");
    if (value == nullptr) return;
    ObjectReader object(*value, parent.PointerTo("limits"), problems_);
    ProxyLimits& limits = config_.limits;
    limits.max_body_bytes = static_cast<std::uint64_t>(object.Integer(
        "max_body_bytes", static_cast<std::int64_t>(limits.max_body_bytes), kBodyRange));
    limits.max_header_bytes = static_cast<std::size_t>(object.Integer(
        "max_header_bytes", static_cast<std::int64_t>(limits.max_header_bytes), kHeaderRange));
    limits.max_connections = static_cast<std::size_t>(object.Integer(
        "max_connections", static_cast<std::int64_t>(limits.max_connections), kConnectionsRange));
    const std::pair<std::string_view, std::chrono::milliseconds*> times[] = {
        {"connect_ms", &limits.connect},
        {"response_head_ms", &limits.response_head},
        {"idle_ms", &limits.idle},
        {"client_header_ms", &limits.client_header},
        {"keep_alive_ms", &limits.keep_alive},
        {"drain_ms", &limits.drain}};
    for (const auto& [key, time] : times) {
      *time = std::chrono::milliseconds(object.Integer(key, time->count(), kTimeRangeMs));
    }
    object.Finish();
  }

  void ReadBody(ObjectReader& parent) {
    const json* value = parent.Object("body");
    if (value == nullptr) return;
    ObjectReader object(*value, parent.PointerTo("body"), problems_);
    BodyOptions& body = config_.body;
    const std::string mode = object.Choice("mode", "buffer", {"buffer", "stream"});
    body.mode = mode == "stream" ? BodyMode::kStream : BodyMode::kBuffer;
    const std::pair<std::string_view, std::uint64_t*> sizes[] = {
        {"memory_bytes", &body.memory_bytes},
        {"expect_continue_bytes", &body.expect_continue_bytes}};
    for (const auto& [key, size] : sizes) {
      const auto preset = static_cast<std::int64_t>(*size);
      *size = static_cast<std::uint64_t>(object.Integer(key, preset, kBodyRange));
    }
    body.spill_dir = File(object, "spill_dir", object.String("spill_dir"));
    object.Finish();
  }

  void ReadProviders(ObjectReader& parent) {
    const json* array = parent.RequiredArray("providers");
    if (array == nullptr) return;
    if (array->empty()) parent.Problem("providers", "must not be empty");
    for (std::size_t i = 0; i < array->size(); ++i) {
      ReadRoute((*array)[i], JoinPointer(parent.PointerTo("providers"), i));
    }
  }

  void ReadRoute(const json& value, std::string pointer) {
    RouteConfig route;
    ObjectReader object(value, std::move(pointer), problems_);
    route.prefix = object.String("prefix");
    object.RequiredString("provider");
    route.provider = FindProvider(object.Choice("provider", "openai", ProviderNames()));
    route.base_url = object.RequiredString("base_url");
    const Result<BaseUrl> base = BaseUrl::Parse(route.base_url);
    if (!base) object.Problem("base_url", base.error().message());
    route.policy = std::make_shared<const Policy>(ReadPolicy(object));
    if (object.Has("keys_file")) {
      const std::string file = File(object, "keys_file", object.String("keys_file"));
      route.keys = Take(object, "keys_file", LoadPoolKeys(file, config_.warnings));
    }
    route.ca_file = File(object, "ca_file", object.String("ca_file"));
    object.Finish();
    config_.routes.push_back(std::move(route));
  }

  // A name of a built-in policy, or a file relative to this one.
  Policy ReadPolicy(ObjectReader& object) {
    std::string name = object.String("policy", "coder-v1");
    const bool is_file = name.find('/') != name.npos || name.ends_with(".json");
    // "./" so that a plain file name stays one.
    if (is_file) name = (folder_.empty() ? "." : folder_) / name;
    return Take(object, "policy", LoadPolicy(name));
  }

  const std::filesystem::path folder_;
  JsonProblems& problems_;
  ProxyConfig config_;
};

}  // namespace

Result<Secrets> LoadPoolKeys(const std::string& path, std::vector<std::string>& warnings) {
  Result<Secrets> keys = LoadKeysFile(path);
  if (!keys) return keys;
  const Result<std::shared_ptr<KeyPool>> pool = KeyPool::Create(*keys);
  if (!pool) return Error(path + ": " + pool.error().message());
  config::WarnIfOthersMayRead(path, warnings);
  return keys;
}

Result<ProxyConfig> LoadProxyConfig(const std::string& path) {
  JsonProblems problems(path);
  const std::optional<std::string> text = config::ReadFile(path, problems);
  if (!text) return problems.error();
  return ParseProxyConfig(*text, path);
}

Result<ProxyConfig> ParseProxyConfig(std::string_view text, const std::string& path) {
  JsonProblems problems(path);
  const json root = config::ParseJson(text, problems);
  if (problems.any()) return problems.error();
  ProxyConfig config = ConfigReader(path, problems).Read(root);
  if (problems.any()) return problems.error();
  return config;
}

}  // namespace keywalk::proxy
