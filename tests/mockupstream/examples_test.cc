// Goal: what the README shows works as it stands.
// Method: every script of examples/ is read, and the embedding example of the README is compiled.

#include <gtest/gtest.h>

#include <filesystem>

#include "config/json_reader.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

Script LoadExample(const std::string& file) {
  config::JsonProblems problems(file);
  const std::optional<std::string> text = config::ReadFile(file, problems);
  if (!text) throw std::runtime_error(problems.error().message());
  return Parse(*text);
}

TEST(ExamplesTest, EveryExampleIsAScript) {
  std::size_t count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(KEYWALK_SOURCE_DIR "/mockupstream/examples")) {
    if (file.path().extension() != ".json" || file.path().filename() == "verify.json") continue;
    EXPECT_NO_THROW(LoadExample(file.path().string())) << file.path();
    ++count;
  }
  EXPECT_GE(count, 2u);
}

TEST(ExamplesTest, TheVerificationIsOneAndTheReadmes) {
  config::JsonProblems problems("examples");
  const std::string example =
      config::ReadFile(KEYWALK_SOURCE_DIR "/mockupstream/examples/verify.json", problems)
          .value_or("");
  EXPECT_TRUE(ParseExpectation(example, "verify.json").ok());
  const std::string readme =
      config::ReadFile(KEYWALK_SOURCE_DIR "/mockupstream/README.md", problems).value_or("");
  const std::string members = example.substr(example.find("\n  \"requests\""));
  EXPECT_NE(readme.find("```json\n{" + members + "```"), std::string::npos);
}

TEST(ExamplesTest, TheScriptOfTheReadmeIsOne) {
  const std::string file = KEYWALK_SOURCE_DIR "/mockupstream/README.md";
  config::JsonProblems problems(file);
  const std::string text = config::ReadFile(file, problems).value_or("");
  constexpr std::string_view kFence = "```json\n";
  const std::size_t begin = text.find(kFence);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = text.find("```", begin + kFence.size());
  EXPECT_NO_THROW(Parse(text.substr(begin + kFence.size(), end - begin - kFence.size())));
}

TEST(ExamplesTest, FailoverFailsThenRecovers) {
  const auto server =
      StartMock(LoadExample(KEYWALK_SOURCE_DIR "/mockupstream/examples/failover.json"));
  const RawReply limited = Ask(*server, "sk-example-0-aaaaaaaaaaaaaaaaaaaa");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.Find("Retry-After"), "5");
  EXPECT_EQ(Ask(*server, "sk-example-1-bbbbbbbbbbbbbbbbbbbb").status, 200);
  EXPECT_EQ(Ask(*server, "sk-example-0-aaaaaaaaaaaaaaaaaaaa").status, 200);
}

// mockupstream/README.md, "Inside a C++ test".
TEST(ExamplesTest, EmbeddingAsTheReadmeShowsIt) {
  auto script = keywalk::mock::ParseScript(R"({
    "schema_version": "1.0",
    "lanes": {
      "sk-first": {"name": "k0", "steps": [{"status": 429, "headers": {"Retry-After": "5"}}]},
      "sk-second": {"name": "k1", "steps": [{"json": {"ok": true}}]}
    }
  })",
                                           "my test");
  ASSERT_TRUE(script.ok()) << script.error().message();
  auto server = keywalk::mock::MockServer::Start({}, std::move(script.value()));
  ASSERT_TRUE(server.ok()) << server.error().message();

  RawClient client(server.value()->port());  // your client, with server.value()->url()
  client.Send(Post("sk-first"));
  EXPECT_EQ(ReadReply(client).status, 429);
  client.Send(Post("sk-second"));
  EXPECT_EQ(ReadReply(client).status, 200);

  const auto attempts = server.value()->Verify(keywalk::mock::ExpectSequence({"k0", "k1"}));
  EXPECT_TRUE(attempts.ok()) << attempts.message();
}

}  // namespace
}  // namespace keywalk::mock::testing
