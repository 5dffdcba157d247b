// Bodies on their way through the proxy: streamed while they are recorded, kept in files beyond the
// memory, refused where they cannot be kept; and what is written down of that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/proxy/proxy_harness.h"
#include "tests/support/temp_dir.h"

namespace keywalk::proxy {
namespace {

using mock::JournalEntry;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RawClient;
using testing::ReadReply;
using testing::TempDir;

constexpr std::chrono::seconds kUploadLimit{10};
constexpr const char* kRefusedEarly = R"({
  "k0": {"steps": [{"status": 429, "early": true}], "at_end": "repeat_last"},
  "k1": {"steps": [{"text": "fine"}], "at_end": "repeat_last"}})";
// An attempt that is in the journal from its head on.
constexpr const char* kSeenAtOnce = R"({
  "k0": {"steps": [{"text": "fine", "fault": {"at": "request_headers", "kind": "drip",
                                              "bytes_per_second": 1000000000}}],
         "at_end": "repeat_last"},
  "k1": {"steps": [{"text": "fine"}], "at_end": "repeat_last"}})";

HarnessOptions Streaming(std::string lanes, const std::function<void(ProxyConfig&)>& more = {}) {
  HarnessOptions options;
  options.lanes = std::move(lanes);
  options.adjust = [more](ProxyConfig& config) {
    config.body.mode = BodyMode::kStream;
    if (more) more(config);
  };
  return options;
}

std::string ChunkOf(std::size_t size) {
  char head[32];
  std::snprintf(head, sizeof head, "%zx\r\n", size);
  return head + std::string(size, 'x') + "\r\n";
}

// Begins a chunked upload, and waits until so many attempts are at the upstream.
void Begin(RawClient& client, ProxyHarness& harness, std::size_t attempts) {
  const Headers chunked = {{"Transfer-Encoding", "chunked"}};
  client.Send(testing::RequestText("POST", "/v1/x", chunked) + ChunkOf(700));
  ASSERT_TRUE(harness.mock().WaitForJournal(
      [&](const std::vector<JournalEntry>& journal) { return journal.size() >= attempts; },
      kUploadLimit));
}

TEST(ProxyUploadTest, ABodyThatGrowsOverTheLimitIs413AndMarksNoKey) {
  ProxyHarness harness(
      Streaming(kSeenAtOnce, [](ProxyConfig& config) { config.limits.max_body_bytes = 1000; }));
  RawClient client(harness.proxy().port());
  Begin(client, harness, 1);
  client.Send(ChunkOf(301));
  EXPECT_EQ(ReadReply(client).status, 413);
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0"));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
  EXPECT_TRUE(harness.WaitForLog(" 413 provider=openai credential=pool key=sk-z...w0w0 attempts=1"))
      << harness.Log();
}

TEST(ProxyUploadTest, AClientThatFailsHasSpentAnAttemptAndNoKey) {
  ProxyHarness harness(Streaming(
      kSeenAtOnce, [](ProxyConfig& config) { config.limits.idle = std::chrono::seconds(1); }));
  RawClient garbled(harness.proxy().port());
  Begin(garbled, harness, 1);
  garbled.Send("zz\r\n");
  EXPECT_EQ(ReadReply(garbled).status, 400);
  EXPECT_TRUE(harness.WaitForLog(" 400 provider=openai credential=pool key=sk-z...w0w0 attempts=1"))
      << harness.Log();
  RawClient silent(harness.proxy().port());
  Begin(silent, harness, 2);
  EXPECT_TRUE(harness.WaitForLog(" 408 ")) << harness.Log();
  RawClient leaving(harness.proxy().port());
  Begin(leaving, harness, 3);
  leaving.Reset();
  EXPECT_TRUE(harness.WaitForLog(" 499 ")) << harness.Log();
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k0", "k0"));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyUploadTest, EachAttemptsRecordHasWhatThatAttemptSent) {
  const TempDir dir;
  ProxyHarness harness(Streaming(
      kRefusedEarly, [&dir](ProxyConfig& config) { config.dump_dir = dir.path().string(); }));
  RawClient client(harness.proxy().port());
  Begin(client, harness, 1);
  ASSERT_TRUE(harness.WaitForLog("was refused with 429"));
  client.Send(ChunkOf(300) + "0\r\n\r\n");
  EXPECT_EQ(ReadReply(client).body, "fine");
  harness.StopProxy();
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  ASSERT_EQ(files.size(), 2u);
  std::vector<std::size_t> sent;
  for (const std::filesystem::path& file : files) {
    std::ifstream stream(file);
    sent.push_back(json::parse(stream)["request"]["body"]["text"].get<std::string>().size());
  }
  EXPECT_THAT(sent, ElementsAre(700, 1000));
}

TEST(ProxyUploadTest, WhatFitsNoMemoryComesFromFiles) {
  for (const BodyMode mode : {BodyMode::kBuffer, BodyMode::kStream}) {
    ProxyHarness harness(Streaming(kRefusedEarly, [mode](ProxyConfig& config) {
      config.body.mode = mode;
      config.body.memory_bytes = 0;
    }));
    for (const std::size_t size : {1u, 70'000u, 3'000'000u}) {
      RawClient client(harness.proxy().port());
      client.Send(testing::RequestText("POST", "/v1/x", {}, std::string(size, 'x')));
      EXPECT_EQ(ReadReply(client).body, "fine");
      const std::vector<JournalEntry> journal = harness.mock().Journal();
      EXPECT_EQ(journal.back().body_bytes, size);
      EXPECT_TRUE(journal.back().body_complete);
    }
  }
}

TEST(ProxyUploadTest, ABodyThatCannotBeKeptIs503) {
  const TempDir parent;
  const std::filesystem::path dir = parent.path() / "bodies";
  std::filesystem::create_directory(dir);
  for (const BodyMode mode : {BodyMode::kBuffer, BodyMode::kStream}) {
    std::filesystem::create_directory(dir);
    ProxyHarness harness(Streaming(kRefusedEarly, [&](ProxyConfig& config) {
      config.body.mode = mode;
      config.body.memory_bytes = 0;
      config.body.spill_dir = dir.string();
    }));
    std::filesystem::remove(dir);
    EXPECT_EQ(harness.Post({}, "hello").status, 503);
    EXPECT_THAT(harness.Attempts(), IsEmpty());
    EXPECT_THAT(harness.Log(), HasSubstr("recording the request's body: No such file"));
    EXPECT_EQ(harness.Send("GET", "/v1/models").status, 200) << "others are served";
  }
}

TEST(ProxyUploadTest, AFolderThatTakesNoFilesIsRefusedAtStart) {
  EXPECT_THROW(
      ProxyHarness(Streaming(
          kRefusedEarly, [](ProxyConfig& config) { config.body.spill_dir = "/nowhere/at/all"; })),
      std::runtime_error);
}

}  // namespace
}  // namespace keywalk::proxy
