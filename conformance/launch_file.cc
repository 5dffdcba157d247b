#include "conformance/launch_file.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "config/json_reader.h"
#include "config/schema_version.h"
#include "conformance/capability.h"

namespace keywalk::conformance {
namespace {

using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

// Capabilities that take an adapter to talk to.
constexpr std::array<std::string_view, 4> kOfAdapters = {"clock", "key_states", "decide",
                                                         "decide.pool"};

std::string Beside(const LaunchFile& file, const std::string& name) {
  return (std::filesystem::path(file.folder) / name).string();
}

void CheckCapabilities(ObjectReader& object, const std::vector<std::string>& capabilities) {
  for (const std::string& name : capabilities) {
    if (!IsKnownCapability(name)) {
      object.Problem("capabilities", "unknown capability \"" + name + "\"");
    } else if (std::ranges::find(kOfAdapters, name) != kOfAdapters.end()) {
      object.Problem("capabilities", "\"" + name + "\" needs an adapter (--adapter)");
    }
  }
}

void ReadPolicy(ObjectReader& object, LaunchFile& file) {
  file.policies = object.Strings("policies");
  if (object.Has("policy") == object.Has("policies")) {
    return object.Problem("policies",
                          R"(needs "policies" (names) or "policy" (a file), and not both)");
  }
  const std::string name = object.String("policy");
  if (name.empty()) return;
  Result<LoadedPolicy> loaded = LoadPolicyWithContent(Beside(file, name));
  if (!loaded) return object.Problem("policy", loaded.error().message());
  file.policies = {loaded->policy->name};
  file.policy = *std::move(loaded);
}

void ReadConfig(ObjectReader& object, LaunchFile& file, JsonProblems& problems) {
  const json* value = object.Object("config");
  if (value == nullptr) return;
  ObjectReader config(*value, object.PointerTo("config"), problems);
  file.config_name = config.RequiredString("path");
  if (file.config_name.empty() || file.config_name.find('/') != std::string::npos ||
      file.config_name.starts_with('.')) {
    config.Problem("path", "must be the name of a file, without a folder");
  }
  if (config.Has("template") == config.Has("template_file")) {
    problems.Add(config.pointer(), R"(needs exactly one of "template" and "template_file")");
  }
  file.config_template = config.String("template");
  file.config_source = file.path + ": " + config.PointerTo("template");
  if (const std::string name = config.String("template_file"); !name.empty()) {
    file.config_source = Beside(file, name);
    JsonProblems template_problems(file.config_source);
    const auto text = config::ReadFile(file.config_source, template_problems);
    if (!text) config.Problem("template_file", template_problems.error().message());
    file.config_template = text.value_or("");
  }
  config.Finish();
}

std::vector<std::pair<std::string, std::string>> ReadTexts(ObjectReader& object,
                                                           std::string_view key) {
  std::vector<std::pair<std::string, std::string>> texts;
  const json* value = object.Object(key);
  if (value == nullptr || !value->is_object()) return texts;
  for (const auto& member : value->items()) {
    if (!member.value().is_string()) {
      object.Problem(key, "expected a string for each name");
      break;
    }
    texts.emplace_back(member.key(), member.value().get<std::string>());
  }
  return texts;
}

int ReadSignal(ObjectReader& object) {
  const std::string name = object.Choice("stop_signal", "TERM", {"TERM", "INT", "QUIT", "HUP"});
  if (name == "INT") return SIGINT;
  if (name == "QUIT") return SIGQUIT;
  return name == "HUP" ? SIGHUP : SIGTERM;
}

void ReadLaunch(ObjectReader& root, LaunchFile& file, JsonProblems& problems) {
  config::CheckSchemaVersion(root);
  file.name = root.RequiredString("name");
  if (file.name.empty()) root.Problem("name", "must not be empty");
  file.language = root.String("language");
  file.version_command = root.Strings("version_command");
  ReadPolicy(root, file);
  file.stateless = root.Boolean("stateless", false);
  file.capabilities = root.Strings("capabilities");
  CheckCapabilities(root, file.capabilities);
  ReadConfig(root, file, problems);
  file.environment = ReadTexts(root, "environment");
  root.RequiredArray("command");
  file.command = root.Strings("command");
  if (file.command.empty()) root.Problem("command", "must name a program");
  file.health_url = root.RequiredString("health_url");
  file.stop_signal = ReadSignal(root);
  file.start_limit =
      std::chrono::milliseconds(root.Integer("start_timeout_ms", 10'000, {1, 600'000}));
  file.base_url = root.RequiredString("base_url");
  file.headers = ReadTexts(root, "headers");
  const json* body = root.Object("body");
  if (body != nullptr && !body->empty()) file.body = std::make_shared<const json>(*body);
  root.Finish();
}

}  // namespace

Result<LaunchFile> LoadLaunchFile(const std::string& path) {
  JsonProblems problems(path);
  const json document = config::ReadJsonFile(path, problems);
  if (problems.any()) return problems.error();
  LaunchFile file;
  file.path = path;
  std::error_code error;
  file.folder = std::filesystem::absolute(path, error).parent_path().string();
  ObjectReader root(document, "", problems);
  ReadLaunch(root, file, problems);
  if (problems.any()) return problems.error();
  return file;
}

}  // namespace keywalk::conformance
