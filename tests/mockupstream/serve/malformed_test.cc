// Goal: what is not HTTP, or only just, is answered or closed: exactly as written down, never by a
// crash, and without harm to the next client.
// Method: the raw requests of malformed/requests.json, each on a connection of its own, against one
// mock; a good request follows each.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "config/json_reader.h"
#include "mockupstream/script/base64.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;

json ReadCorpus() {
  const std::string file = KEYWALK_SOURCE_DIR "/tests/mockupstream/serve/malformed/requests.json";
  config::JsonProblems problems(file);
  const std::string text = config::ReadFile(file, problems).value_or("");
  json corpus = config::ParseJson(text, problems);
  if (problems.any()) throw std::runtime_error(problems.error().message());
  return corpus.at("requests");
}

// A piece is a text, {"base64"}, or {"repeat", "times"}.
std::string Bytes(const json& pieces) {
  std::string bytes;
  for (const json& piece : pieces) {
    if (piece.is_string()) {
      bytes += piece.get<std::string>();
    } else if (piece.contains("base64")) {
      bytes += DecodeBase64(piece.at("base64").get<std::string>()).value();
    } else {
      const std::string unit = piece.at("repeat");
      for (int i = 0; i < piece.at("times").get<int>(); ++i) bytes += unit;
    }
  }
  return bytes;
}

// The final statuses that come until the server closes; throws if it does not.
std::vector<int> AnswersTo(std::uint16_t port, const std::string& bytes) {
  RawClient client(port);
  // A refusal may come, and the connection end, before all is sent.
  if (client.TrySend(bytes)) client.CloseWrite();
  std::vector<int> statuses;
  while (true) {
    const RawReply reply = ReadReply(client);
    if (reply.end == ReadEnd::kTimeout) throw std::runtime_error("neither answered nor closed");
    if (reply.status == 0) return statuses;
    if (!reply.complete) throw std::runtime_error("a broken answer");
    if (reply.status >= 200) statuses.push_back(reply.status);
  }
}

Script EveryKeyIsFine() {
  return Parse(R"({"schema_version": "1.0", "default_lane": [{"text": "fine"}]})");
}

TEST(MalformedTest, IsAnsweredOrClosedAsWrittenDown) {
  const json corpus = ReadCorpus();
  EXPECT_GE(corpus.size(), 60u);
  const auto server = StartMock(EveryKeyIsFine());
  std::set<std::string> names;
  for (const json& entry : corpus) {
    const std::string name = entry.at("name");
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    SCOPED_TRACE(name);
    try {
      EXPECT_EQ(AnswersTo(server->port(), Bytes(entry.at("send"))),
                entry.at("answers").get<std::vector<int>>());
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << error.what();
    }
    EXPECT_EQ(Ask(*server, kKey).body, "fine");
  }
}

// What a kernel or a slow client makes of it: no boundary of a packet changes what is served. A
// refusal may become a mere close: the client's end may come before a line's does, and a client
// that goes on sending to a closed connection may lose the answer.
TEST(MalformedTest, IsJudgedTheSameInSinglePieces) {
  const auto server = StartMock(EveryKeyIsFine());
  for (const json& entry : ReadCorpus()) {
    const std::string bytes = Bytes(entry.at("send"));
    constexpr std::size_t kShort = 200;
    if (bytes.size() > kShort) continue;
    SCOPED_TRACE(entry.at("name").get<std::string>());
    RawClient client(server->port());
    bool open = true;
    for (const char byte : bytes) open = open && client.TrySend(std::string_view(&byte, 1));
    if (open) client.CloseWrite();
    std::vector<int> statuses;
    for (RawReply reply = ReadReply(client); reply.status != 0; reply = ReadReply(client)) {
      if (reply.status >= 200) statuses.push_back(reply.status);
    }
    auto expected = entry.at("answers").get<std::vector<int>>();
    const bool ends_refused = !expected.empty() && expected.back() >= 400;
    if (ends_refused && statuses.size() + 1 == expected.size()) expected.pop_back();
    EXPECT_EQ(statuses, expected);
  }
}

}  // namespace
}  // namespace keywalk::mock::testing
