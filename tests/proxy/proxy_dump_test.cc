// The API dump end to end: one file an attempt, failed ones too, for the owner alone, keys masked,
// and a request that is served whatever becomes of its record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/proxy/proxy_harness.h"
#include "tests/support/temp_dir.h"

namespace keywalk::proxy {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The files' names in order, which is the order of the attempts' ends.
std::vector<std::filesystem::path> Files(const std::filesystem::path& dir) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

HarnessOptions Recording(const std::filesystem::path& dir, std::string lanes) {
  HarnessOptions options;
  options.lanes = std::move(lanes);
  options.adjust = [dir](ProxyConfig& config) { config.dump_dir = dir.string(); };
  return options;
}

TEST(ProxyDumpTest, EveryAttemptLeavesAFileForItsOwnerWithKeysMasked) {
  const TempDir parent;
  const std::filesystem::path dir = parent.path() / "dump";
  const std::string echo = "you sent " + std::string(kKey0);
  ProxyHarness harness(
      Recording(dir, json({{"k0", {{"steps", {{{"status", 429}, {"text", echo}}}}}},
                           {"k1", {{"steps", {{{"text", "fine"}}}}}}})
                         .dump()));
  EXPECT_EQ(harness.Post({{"X-Mine", "1"}}, "hello").status, 200);
  harness.StopProxy();

  const std::vector<std::filesystem::path> files = Files(dir);
  ASSERT_EQ(files.size(), 2u);
  for (const std::filesystem::path& file : files) {
    struct stat status {};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_THAT(file.string(), EndsWith("-openai.json"));
    EXPECT_THAT(ReadAll(file), Not(HasSubstr("AAAA")));
    EXPECT_THAT(ReadAll(file), Not(HasSubstr("EEEE")));
  }
  const json first = json::parse(ReadAll(files[0]));
  EXPECT_EQ(first["response"]["status"], 429);
  EXPECT_EQ(first["response"]["body"]["text"], "you sent sk-z...w0w0");
  EXPECT_EQ(first["request"]["body"]["text"], "hello");
  const json second = json::parse(ReadAll(files[1]));
  EXPECT_EQ(second["response"]["body"]["text"], "fine");
  EXPECT_EQ(second["response"]["complete"], true);
  EXPECT_THAT(second["request"]["headers"].dump(), HasSubstr(R"("Authorization: Bearer sk-o)"));
}

TEST(ProxyDumpTest, StreamedBodiesOfOwnKeysAreRecordedAsTheyPass) {
  const TempDir dir;
  ProxyHarness harness(
      Recording(dir.path(), R"({"own": {"steps": [{"sse": [{"data": "1"}, {"data": "2"}]}]}})"));
  harness.Post({{"Authorization", "Bearer " + std::string(kOwnKey)}}, "upload");
  harness.StopProxy();
  const std::vector<std::filesystem::path> files = Files(dir.path());
  ASSERT_EQ(files.size(), 1u);
  const json record = json::parse(ReadAll(files[0]));
  EXPECT_EQ(record["request"]["body"]["text"], "upload");
  EXPECT_EQ(record["response"]["body"]["text"], "data: 1\n\ndata: 2\n\n");
  EXPECT_THAT(ReadAll(files[0]), Not(HasSubstr("JJJJ")));
}

TEST(ProxyDumpTest, UnreachableUpstreamIsRecordedWithItsError) {
  const TempDir dir;
  ProxyHarness harness(Recording(dir.path(), R"({"k0": {"steps": [{}]}})"));
  harness.mock().Stop();
  EXPECT_EQ(harness.Post().status, 502);
  harness.StopProxy();
  const std::vector<std::filesystem::path> files = Files(dir.path());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_NE(json::parse(ReadAll(files[0]))["error"], "");
}

TEST(ProxyDumpTest, RecordThatCannotBeWrittenCostsAWarningOnly) {
  const TempDir parent;
  const std::filesystem::path dir = parent.path() / "dump";
  ProxyHarness harness(Recording(dir, R"({"k0": {"steps": [{"text": "fine"}]}})"));
  std::filesystem::remove(dir);
  EXPECT_EQ(harness.Post().body, "fine");
  EXPECT_TRUE(harness.WaitForLog("cannot be written: No such file or directory"));
}

TEST(ProxyDumpTest, DiscardedEndlessBodyIsCutAndFailoverGoesOn) {
  const TempDir dir;
  ProxyHarness harness(Recording(
      dir.path(), R"({"k0": {"steps": [{"status": 429, "endless": true, "text": "more "}]},
                      "k1": {"steps": [{"text": "fine"}]}})"));
  EXPECT_EQ(harness.Post().body, "fine");
  harness.StopProxy();
  const std::vector<std::filesystem::path> files = Files(dir.path());
  ASSERT_EQ(files.size(), 2u);
  const json first = json::parse(ReadAll(files[0]));
  EXPECT_EQ(first["response"]["complete"], false);
  EXPECT_EQ(first["error"], "discarded before its end");
}

TEST(ProxyDumpTest, FolderThatCannotBeUsedIsRefusedAtStart) {
  const TempDir dir;
  const std::string file = dir.Write("file", "");
  EXPECT_THROW(ProxyHarness(Recording(file, "{}")), std::runtime_error);
}

}  // namespace
}  // namespace keywalk::proxy
