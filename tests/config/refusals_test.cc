// Goal: every document of fixtures/invalid/ is refused, with the message that says where and why.
// Method: fixtures/refusals.json tells the message; tests/lint shows that the schemas refuse them
// too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keywalk/config.h"
#include "tests/config/fixture_file.h"

namespace keywalk {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RefusalsTest, EveryInvalidPolicyIsRefusedWithItsMessage) {
  std::vector<std::string> listed;
  const nlohmann::json document = ReadFixture("refusals.json");
  for (const nlohmann::json& refusal : document.at("refusals")) {
    if (refusal.at("kind") != "policy") continue;
    const std::string file = refusal.at("file");
    listed.push_back(file);
    SCOPED_TRACE(file + ": " + refusal.at("title").get<std::string>());
    const Result<Policy> policy = LoadPolicy(FixturePath(file));
    if (policy.ok()) {
      ADD_FAILURE() << "accepted";
      continue;
    }
    EXPECT_THAT(policy.error().message(), StartsWith(FixturePath(file) + ": "));
    EXPECT_THAT(policy.error().message(), HasSubstr(refusal.at("message").get<std::string>()));
  }
  std::ranges::sort(listed);
  EXPECT_EQ(listed, FixturesIn("invalid/policy"));
}

}  // namespace
}  // namespace keywalk
