// A launch file: how to start a program that nobody will patch, and how to talk to it
// (fixtures/schema/launch.schema.json).
#ifndef KEYWALK_CONFORMANCE_LAUNCH_FILE_H_
#define KEYWALK_CONFORMANCE_LAUNCH_FILE_H_

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/fixture_loader.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// Texts named a template are in the language of config_template.h.
struct LaunchFile {
  std::string path;    // of the file itself
  std::string folder;  // that it stands in; the program runs there
  std::string name;
  std::string language;
  std::vector<std::string> version_command;  // empty: the version is not known
  std::vector<std::string> policies;         // names; or that of `policy`
  std::optional<LoadedPolicy> policy;        // of a file of its own
  bool stateless = false;  // it remembers nothing of a key from one request to the next
  std::vector<std::string> capabilities;
  std::string config_name;      // of the configuration file; empty: none is written
  std::string config_template;  // its text
  std::string config_source;    // where the template stands, for errors
  std::vector<std::pair<std::string, std::string>> environment;  // values: templates
  std::vector<std::string> command;                              // templates
  std::string health_url;                                        // template
  int stop_signal = 0;
  std::chrono::milliseconds start_limit{10'000};
  std::string base_url;                                      // template, of one pool
  std::vector<std::pair<std::string, std::string>> headers;  // values: templates, of one pool
  std::shared_ptr<const nlohmann::json> body;                // strings: templates; null: none
};

// Reads a launch file, its template and its policy strictly; errors name file, JSON pointer and
// reason.
Result<LaunchFile> LoadLaunchFile(const std::string& path);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_LAUNCH_FILE_H_
