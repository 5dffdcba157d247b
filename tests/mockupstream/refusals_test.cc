// Goal: every wrong script and verification of fixtures/invalid/ is refused, with the message that
// says where and why.
// Method: fixtures/refusals.json tells the message; tests/lint shows that the schemas refuse them
// too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "config/json_reader.h"
#include "mockupstream/journal/verify.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::HasSubstr;

const std::string kFixtures = KEYWALK_SOURCE_DIR "/fixtures/";

std::string TextOf(const std::string& file) {
  config::JsonProblems problems(file);
  const std::optional<std::string> text = config::ReadFile(kFixtures + file, problems);
  if (!text) throw std::runtime_error(problems.error().message());
  return *text;
}

// Why a document of that kind is refused; empty: it is not.
std::string ErrorOf(const std::string& kind, const std::string& text) {
  if (kind == "verify") {
    const Result<Expectation> expectation = ParseExpectation(text, "document");
    return expectation.ok() ? "" : expectation.error().message();
  }
  const Result<Script> script = ParseScript(text, "document");
  return script.ok() ? "" : script.error().message();
}

class RefusalsTest : public ::testing::TestWithParam<const char*> {};

TEST_P(RefusalsTest, EveryInvalidDocumentIsRefusedWithItsMessage) {
  const std::string kind = GetParam();
  std::set<std::string> listed;
  const nlohmann::json document = nlohmann::json::parse(TextOf("refusals.json"));
  for (const nlohmann::json& refusal : document.at("refusals")) {
    if (refusal.at("kind") != kind) continue;
    const std::string file = refusal.at("file");
    EXPECT_TRUE(listed.insert(file).second) << file << " is listed twice";
    SCOPED_TRACE(file + ": " + refusal.at("title").get<std::string>());
    EXPECT_THAT(ErrorOf(kind, TextOf(file)), HasSubstr(refusal.at("message").get<std::string>()));
  }
  std::set<std::string> there;
  for (const auto& file : std::filesystem::directory_iterator(kFixtures + "invalid/" + kind)) {
    there.insert("invalid/" + kind + "/" + file.path().filename().string());
  }
  EXPECT_EQ(listed, there);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RefusalsTest, ::testing::Values("mock_script", "verify"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace keywalk::mock::testing
