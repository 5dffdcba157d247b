#include "tests/config/fixture_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "config/json_reader.h"

namespace keywalk {

std::string FixturePath(const std::string& name) {
  return std::string(KEYWALK_FIXTURES_DIR) + "/" + name;
}

std::string ReadFixtureText(const std::string& name) {
  config::JsonProblems problems(FixturePath(name));
  std::optional<std::string> text = config::ReadFile(FixturePath(name), problems);
  if (!text) ADD_FAILURE() << problems.error().message();
  return text.value_or("");
}

nlohmann::json ReadFixture(const std::string& name) {
  config::JsonProblems problems(FixturePath(name));
  nlohmann::json document = config::ParseJson(ReadFixtureText(name), problems);
  if (problems.any()) ADD_FAILURE() << problems.error().message();
  return document;
}

std::vector<std::string> FixturesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(FixturePath(folder))) {
    if (entry.path().extension() == ".json") {
      names.push_back(folder + "/" + entry.path().filename().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace keywalk
