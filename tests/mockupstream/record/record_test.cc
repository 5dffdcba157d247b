// Goal: what `keywalk-mock record` writes gives the same answers again, and holds no key.
// Method: a mock as the upstream, the recorder in front of it, and a second mock that plays the
// script back; both are asked the same, over raw sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "mockupstream/record/record_server.h"
#include "mockupstream/script/base64.h"
#include "tests/mockupstream/mock_client.h"
#include "tests/support/temp_dir.h"

namespace keywalk::mock::testing {
namespace {

using keywalk::testing::TempDir;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kStandIn = "sk-recorded-0-aaaaaaaaaaaaaaaaaaaa";

std::string ReadText(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// An upstream, a recorder in front of it, and the file.
class Recorder {
 public:
  explicit Recorder(Script script, RecordingLimits limits = {})
      : upstream_(StartMock(std::move(script))) {
    Start(upstream_->url(), limits);
  }
  explicit Recorder(const std::string& upstream_url) { Start(upstream_url, {}); }

  std::uint16_t port() const { return server_->port(); }
  const MockServer& upstream() const { return *upstream_; }
  std::string file() const { return dir_.File("script.json"); }

  RawReply Ask(const std::string& request, std::string_view method = "POST") const {
    RawClient client(port());
    client.Send(request);
    return ReadReply(client, method);
  }

  // What it logged, a line each; once it has finished.
  const std::string& log() const { return log_; }

  // Stops it; the script's text.
  std::string Finish() {
    const std::optional<Error> error = server_->Stop();
    EXPECT_FALSE(error.has_value()) << error->message();
    return ReadText(file());
  }

 private:
  void Start(const std::string& url, RecordingLimits limits) {
    RecordOptions options;
    options.upstream = url;
    options.output = file();
    options.limits = limits;
    options.log = [this](bool, const std::string& text) { log_ += text + "\n"; };
    auto server = RecordServer::Start(std::move(options));
    if (!server.ok()) throw std::runtime_error(server.error().message());
    server_ = std::move(*server);
  }

  TempDir dir_;
  std::string log_;
  std::unique_ptr<MockServer> upstream_;
  std::unique_ptr<RecordServer> server_;
};

// The steps of the script's only lane with a key.
json StepsOf(const std::string& script) {
  return json::parse(script).at("lanes").at(std::string(kStandIn)).at("steps");
}

// Asks that often through the recorder, and then a replay; both must answer alike.
std::string ExpectSameReplay(const std::string& lane, int count) {
  Recorder recorder(OneLane(lane));
  std::vector<RawReply> seen;
  for (int i = 0; i < count; ++i) seen.push_back(recorder.Ask(Post(kKey)));
  const std::string script = recorder.Finish();
  const auto replay = StartMock(Parse(script));
  for (const RawReply& reply : seen) {
    const RawReply again = Ask(*replay, kStandIn);
    EXPECT_EQ(again.status, reply.status);
    EXPECT_EQ(again.body, reply.body);
    EXPECT_EQ(again.complete, reply.complete);
    for (const std::string_view name : {"Content-Type", "Content-Encoding", "Retry-After"}) {
      EXPECT_EQ(again.headers.Find(name), reply.headers.Find(name)) << name;
    }
  }
  EXPECT_THAT(script, Not(HasSubstr(std::string(kKey))));
  return script;
}

TEST(RecordTest, ReplaysBlockingAnswersInOrder) {
  const std::string script = ExpectSameReplay(
      R"([{"status": 429, "headers": {"Retry-After": "5", "X-Request-Id": "r1"}, "json": {"e": 1}},
          {"json": {"ok": true}, "times": 3},
          {"text": "{ \"spaced\": 1 }", "headers": {"Content-Type": "application/json"}},
          {"status": 204}, {"text": "in chunks", "chunked": true}])",
      7);
  const json steps = StepsOf(script);
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[0], json::parse(R"({"status": 429, "json": {"e": 1}, "headers":
      {"Content-Type": "application/json", "Retry-After": "5"}})"));
  EXPECT_EQ(steps[1].at("times"), 3);
  EXPECT_EQ(steps[2].at("text"), "{ \"spaced\": 1 }");
  EXPECT_EQ(steps[4].at("chunked"), true);
}

TEST(RecordTest, ReplaysEventStreamsWithTheirDelays) {
  const std::string script = ExpectSameReplay(
      R"([{"sse": [{"data": {"n": 1}}, {"event": "stop", "data": "two\nlines", "delay_ms": 60}]}])",
      1);
  const json events = StepsOf(script)[0].at("sse");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].at("data"), json::parse(R"({"n": 1})"));
  EXPECT_EQ(events[1].at("data"), "two\nlines");
  EXPECT_EQ(events[1].at("event"), "stop");
  EXPECT_GT(events[1].at("delay_ms"), 30);
}

TEST(RecordTest, KeepsAStreamItCannotTakeApartAsItIs) {
  const std::string script = ExpectSameReplay(
      R"([{"text": ": comment\nid: 7\ndata: x\n\n", "chunked": true,
           "headers": {"Content-Type": "text/event-stream"}}])",
      1);
  EXPECT_EQ(StepsOf(script)[0].at("text"), ": comment\nid: 7\ndata: x\n\n");
}

TEST(RecordTest, ReplaysBinaryAndGzipBodies) {
  const std::string script = ExpectSameReplay(
      R"([{"base64": "AP+AGh4="}, {"headers": {"Content-Type": "application/json",
           "Content-Encoding": "gzip"}, "base64":
           "H4sIAAAAAAACA6tWSs7PLShKLS5OTVGyKikqTa2tJkoIAHs0Qsw5AAAA"}])",
      2);
  EXPECT_EQ(StepsOf(script)[0], json::parse(R"({"base64": "AP+AGh4="})"));
}

// A provider's 401 may show the key; compressed, a search of the bytes would miss it.
TEST(RecordTest, NoAnswerShowsAKey) {
  Recorder recorder(
      OneLane(R"([{"status": 401, "headers": {"X-Echo": "sk-test-lane-key-0000000000"},
      "json": {"error": "Incorrect API key provided: sk-test-lane-key-0000000000"}},
     {"status": 401, "base64":
      "H4sIAAAAAAACA6tWSi0qyi9SslJKSkxRyE6tVCjO1i1JLS7RzUnMS9UFCuga)"
              R"(wIFSLQDHPjtALwAAAA==", "headers": {"Content-Encoding": "gzip",
      "Content-Type": "application/json"}},
     {"sse": [{"data": "sk-test-lane-key-0000000000"}]}])"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(recorder.Ask(Post(kKey)).status, ::testing::AnyOf(401, 200));
  }
  const std::string script = recorder.Finish();
  EXPECT_THAT(script, Not(HasSubstr(std::string(kKey))));
  const json steps = StepsOf(script);
  EXPECT_EQ(steps[0].at("headers").at("X-Echo"), "sk-t...0000");
  EXPECT_EQ(steps[0].at("json").at("error"), "Incorrect API key provided: sk-t...0000");
  EXPECT_EQ(steps[1].at("json").at("error"), "bad key sk-t...0000");
  EXPECT_FALSE(steps[1].at("headers").contains("Content-Encoding"));
  EXPECT_EQ(steps[2].at("sse")[0].at("data"), "sk-t...0000");
}

// An API that makes keys shows one before it is used.
TEST(RecordTest, AKeyIsMaskedInAnswersBeforeItsFirstUse) {
  Recorder recorder(Parse(R"({"schema_version": "1.0",
      "default_lane": [{"json": {"new_key": "sk-made-just-now-00000000"}}]})"));
  recorder.Ask(Post("sk-admin-key-0000000000000"));
  recorder.Ask(Post("sk-made-just-now-00000000"));
  const std::string script = recorder.Finish();
  EXPECT_THAT(script, Not(HasSubstr("sk-made-just-now-00000000")));
  EXPECT_THAT(script, HasSubstr("sk-m...0000"));
}

// What the search of the finished script cannot find: bytes, and keys as short as words.
TEST(RecordTest, BinaryBodiesAndShortKeysAreMaskedToo) {
  Recorder recorder(Parse(R"({"schema_version": "1.0", "default_lane": [
      {"base64": "/3NrLXRlc3QtbGFuZS1rZXktMDAwMDAwMDAwMA=="},
      {"headers": {"X-Echo": "short-key"}, "text": "{\"short-key\"}"}]})"));
  recorder.Ask(Post(kKey));
  recorder.Ask(Post("short-key"));
  const json lanes = json::parse(recorder.Finish()).at("lanes");
  const std::string bytes = lanes.at(std::string(kStandIn)).at("steps")[0].at("base64");
  EXPECT_EQ(DecodeBase64(bytes), "\xffsk-t...0000");
  const json step = lanes.at("sk-recorded-1-bbbbbbbbbbbbbbbbbbbb").at("steps")[0];
  EXPECT_EQ(step.at("headers").at("X-Echo"), "s...y");
  EXPECT_EQ(step.at("text"), "{\"s...y\"}");
}

// Asks for a key without one, and then with that key; the first step of the default lane.
json StepBeforeItsKey(const std::string& step, const std::string& key) {
  Recorder recorder(
      Parse(R"({"schema_version": "1.0", "default_lane": [)" + step + R"(, {"text": "ok"}]})"));
  EXPECT_TRUE(recorder.Ask(RequestText("POST", "/tok", {}, "")).complete);
  EXPECT_EQ(recorder.Ask(Post(key)).body, "ok");
  const std::string script = recorder.Finish();
  const Script read = Parse(script);
  EXPECT_FALSE(read.lanes.empty());
  EXPECT_THAT(script, Not(HasSubstr(key)));
  return json::parse(script).at("default_lane").at("steps").at(0);
}

// What is only seen later is looked for in every form that a body was written in.
TEST(RecordTest, AKeyIsMaskedBeforeItsFirstUseHoweverItIsWritten) {
  const std::string token = "tok-aaaaaaaaaaaaaaaaaaaa";
  json step = StepBeforeItsKey(
      R"({"base64": ")" + EncodeBase64("{\"t\":\"" + token + "\"}") + "\"}", token);
  EXPECT_EQ(DecodeBase64(step.at("base64").get<std::string>()), "{\"t\":\"tok-...aaaa\"}");

  step = StepBeforeItsKey(
      R"({"headers": {"Content-Encoding": "gzip", "Content-Type": "application/json"}, "base64":
          "H4sIAAAAAAACA6tWSi0qyi9SslJKSkxRyE6tVCjO1i1JLS7RzUnMS9UFCugawIFSLQDHPjtALwAAAA=="})",
      std::string(kKey));
  EXPECT_EQ(step.at("json").at("error"), "bad key sk-t...0000");
  EXPECT_FALSE(step.at("headers").contains("Content-Encoding"));

  step = StepBeforeItsKey(R"({"json": {"made": "short-key"}, "headers": {"X-Key": "short-key"},
      "chunked": true, "trailers": {"X-End": "short-key"}})",
                          "short-key");
  EXPECT_EQ(step.at("json").at("made"), "s...y");
  EXPECT_EQ(step.at("headers").at("X-Key"), "s...y");
  EXPECT_EQ(step.at("trailers").at("X-End"), "s...y");
  EXPECT_EQ(step.at("chunked"), true);

  step = StepBeforeItsKey(R"({"sse": [{"data": {"made": "a{b:c,d}"}},
      {"event": "e", "data": "a{b:c,d}", "delay_ms": 40}]})",
                          "a{b:c,d}");
  EXPECT_EQ(step.at("sse")[0].at("data").at("made"), "a...}");
  EXPECT_EQ(step.at("sse")[1].at("data"), "a...}");
  EXPECT_EQ(step.at("sse")[1].at("event"), "e");
  EXPECT_GT(step.at("sse")[1].at("delay_ms"), 20);
}

// A key of digits may stand in an answer as a number.
TEST(RecordTest, AKeyThatIsANumberLeavesTheScriptReadable) {
  const json step = StepBeforeItsKey(R"({"status": 201, "json": {"id": 1234567890123456789}})",
                                     "1234567890123456789");
  EXPECT_EQ(step.at("status"), 201);
  EXPECT_EQ(step.at("text"), R"({"id":12...89})");
}

TEST(RecordTest, AKeyWithAQuoteIsMaskedWhereJsonEscapesIt) {
  const std::string key = R"(ab"cd"ef"gh"ij"kl"mn)";
  const json step = StepBeforeItsKey(R"({"json": {"made": )" + json(key).dump() + "}}", key);
  EXPECT_THAT(step.dump(), Not(HasSubstr("gh")));
}

// The file's reader has a limit, and the step itself takes some of it.
TEST(RecordTest, ADeepAnswerIsTextAndTheScriptReadable) {
  for (const std::size_t depth : {40u, 51u, 58u, 64u, 190u}) {
    const std::string deep = std::string(depth, '[') + std::string(depth, ']');
    const std::string events = "data: " + deep + "\n\n";
    const json steps = {{{"text", deep}, {"headers", {{"Content-Type", "application/json"}}}},
                        {{"text", events}, {"headers", {{"Content-Type", "text/event-stream"}}}}};
    ExpectSameReplay(steps.dump(), 2);
  }
}

TEST(RecordTest, CompressionThatHidesWhatItHoldsIsNotRecorded) {
  Recorder recorder(
      OneLane(R"([{"text": "?", "headers": {"Content-Encoding": "br"}}, {"text": "plain"}])"));
  EXPECT_EQ(recorder.Ask(Post(kKey)).body, "?");
  EXPECT_EQ(recorder.Ask(Post(kKey)).body, "plain");
  const json steps = StepsOf(recorder.Finish());
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].at("text"), "plain");
}

TEST(RecordTest, ClientCredentialsAreNeverWritten) {
  Recorder recorder(Parse(R"({"schema_version": "1.0", "default_lane": [{"text":
      "session-cookie-1234567890 and dXNlcjpwYXNzd29yZDEyMw=="}]})"));
  recorder.Ask(RequestText("POST", "/v1/x?key=AIza-query-key-000000000",
                           {{"Cookie", "session-cookie-1234567890"},
                            {"Proxy-Authorization", "Basic dXNlcjpwYXNzd29yZDEyMw=="}},
                           "the body is not written either"));
  const std::string script = recorder.Finish();
  for (const std::string_view secret : {"session-cookie-1234567890", "dXNlcjpwYXNzd29yZDEyMw==",
                                        "AIza-query-key-000000000", "the body"}) {
    EXPECT_THAT(script, Not(HasSubstr(std::string(secret))));
  }
}

TEST(RecordTest, PassesTheRequestOn) {
  Recorder recorder(OneLane(R"([{"text": "ok"}])"));
  recorder.Ask(RequestText("PUT", "/v1/x?a=b",
                           {{"x-api-key", kKey}, {"Accept-Encoding", "br"}, {"X-Mine", "1"}},
                           "0123456789"));
  const JournalEntry entry = recorder.upstream().Journal().at(0);
  EXPECT_EQ(entry.method, "PUT");
  EXPECT_EQ(entry.target, "/v1/x?a=b");
  EXPECT_EQ(entry.body_bytes, 10u);
  EXPECT_EQ(entry.headers.Find("X-Mine"), "1");
  EXPECT_EQ(entry.headers.Find("Accept-Encoding"), "identity");
  EXPECT_EQ(entry.lane, "k0");
}

TEST(RecordTest, AnUpstreamThatIsNotThereIs502AndNoStep) {
  std::string url;
  {
    const auto gone = StartMock(OneLane(R"([{"text": "ok"}])"));
    url = gone->url();
  }
  Recorder recorder(url);
  EXPECT_EQ(recorder.Ask(Post(kKey)).status, 502);
  const json script = json::parse(recorder.Finish());
  EXPECT_FALSE(script.contains("lanes"));
  EXPECT_EQ(script.at("default_lane").at("at_end"), "fail_loud");
}

TEST(RecordTest, ABrokenOffAnswerIsNoStep) {
  Recorder recorder(OneLane(R"([{"text": "0123456789", "fault": {"at": "body", "body_bytes": 4,
      "kind": "close"}}, {"text": "whole"}])"));
  EXPECT_FALSE(recorder.Ask(Post(kKey)).complete);
  EXPECT_EQ(recorder.Ask(Post(kKey)).body, "whole");
  EXPECT_EQ(StepsOf(recorder.Finish()).size(), 1u);
}

TEST(RecordTest, BeyondItsLimitsItPassesOn) {
  RecordingLimits limits;
  limits.max_answer_bytes = 1'000;
  limits.max_steps = 2;
  Recorder recorder(OneLane(R"([{"bytes": 1001}, {"bytes": 500}, {"text": "third"}])"), limits);
  EXPECT_EQ(recorder.Ask(Post(kKey)).body.size(), 1001u);
  EXPECT_EQ(recorder.Ask(Post(kKey)).body.size(), 500u);
  EXPECT_EQ(recorder.Ask(Post(kKey)).body, "third");
  EXPECT_EQ(StepsOf(recorder.Finish()).size(), 1u);
}

TEST(RecordTest, BeyondItsCredentialsItPassesOnAndStillLogsNone) {
  RecordingLimits limits;
  limits.max_secrets = 1;
  Recorder recorder(Parse(R"({"schema_version": "1.0", "default_lane": [{"text": "ok"}]})"),
                    limits);
  EXPECT_EQ(recorder.Ask(Post(kKey)).status, 200);
  const std::string other = "AIza-one-too-many-0000000";
  EXPECT_EQ(recorder.Ask(RequestText("GET", "/v1/x?key=" + other, {})).status, 200);
  EXPECT_EQ(recorder.Ask(Post(kKey)).status, 200);
  EXPECT_EQ(StepsOf(recorder.Finish()).at(0).at("times"), 2);
  EXPECT_THAT(recorder.log(), HasSubstr("not recorded: the recording has reached"));
  EXPECT_THAT(recorder.log(), Not(HasSubstr(other)));
  EXPECT_THAT(recorder.log(), Not(HasSubstr(std::string(kKey))));
}

TEST(RecordTest, PathsOfOneKeyAreRoutes) {
  Recorder recorder(OneLane(R"([{"text": "models"}, {"text": "chat"}, {"text": "models again"}])"));
  const std::string models = RequestText("GET", "/v1/models?page=1", {{"x-api-key", kKey}});
  recorder.Ask(models, "GET");
  recorder.Ask(Post(kKey));
  recorder.Ask(models, "GET");
  const std::string script = recorder.Finish();
  const auto replay = StartMock(Parse(script));
  // In another order: each path has a sequence of its own.
  EXPECT_EQ(Ask(*replay, kStandIn).body, "chat");
  RawClient client(replay->port());
  for (const std::string_view body : {"models", "models again"}) {
    client.Send(RequestText("GET", "/v1/models", {{"x-api-key", kStandIn}}));
    EXPECT_EQ(ReadReply(client).body, body);
  }
}

TEST(RecordTest, TheFileIsItsOwnersAloneAndWrittenWhileItRuns) {
  Recorder recorder(OneLane(R"([{"text": "early"}])"));
  struct stat status {};
  ASSERT_EQ(::stat(recorder.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  recorder.Ask(Post(kKey));
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  std::string text;
  while (text.find("early") == text.npos && std::chrono::steady_clock::now() < deadline) {
    text = ReadText(recorder.file());
  }
  EXPECT_THAT(text, HasSubstr("early"));
  ASSERT_EQ(::stat(recorder.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(RecordTest, RefusesAFileThatExistsUnlessForced) {
  const TempDir dir;
  RecordOptions options;
  options.upstream = "http://127.0.0.1:1";
  options.output = dir.Write("there.json", "precious");
  const auto refused = RecordServer::Start(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("there.json: exists already"));
  EXPECT_EQ(ReadText(options.output), "precious");
  options.force = true;
  EXPECT_TRUE(RecordServer::Start(options).ok());
  EXPECT_THAT(ReadText(options.output), HasSubstr("schema_version"));
}

TEST(RecordTest, ReplacesNothingButRegularFiles) {
  const TempDir dir;
  RecordOptions options;
  options.upstream = "http://127.0.0.1:1";
  options.output = dir.File("link");
  options.force = true;
  const std::string target = dir.Write("there.json", "precious");
  std::filesystem::create_symlink(target, options.output);
  const auto refused = RecordServer::Start(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("link: is no regular file"));
  EXPECT_TRUE(std::filesystem::is_symlink(options.output));
  EXPECT_EQ(ReadText(target), "precious");
}

TEST(RecordTest, SaysWhatIsWrongWithItsOptions) {
  const TempDir dir;
  RecordOptions options;
  options.output = dir.File("out.json");
  options.upstream = "ftp://example.com";
  EXPECT_THAT(RecordServer::Start(options).error().message(), HasSubstr("--upstream: "));
  options.upstream = "foo";
  EXPECT_THAT(RecordServer::Start(options).error().message(),
              HasSubstr("--upstream: \"foo\" is no base URL; expected"));
  options.upstream = "http://127.0.0.1:1";
  options.listen = "nowhere";
  EXPECT_FALSE(RecordServer::Start(options).ok());
  options.listen = "127.0.0.1:0";
  options.upstream = "https://127.0.0.1:1";
  options.ca_file = dir.File("none.pem");
  EXPECT_FALSE(RecordServer::Start(options).ok());
  EXPECT_FALSE(std::filesystem::exists(options.output));
  options.ca_file.clear();
  options.output = dir.File("no/such/folder.json");
  EXPECT_THAT(RecordServer::Start(options).error().message(), HasSubstr("cannot be written"));
}

TEST(RecordTest, RefusesWhatItCannotPassOn) {
  Recorder recorder(OneLane(R"([{"text": "ok"}])"));
  EXPECT_EQ(recorder.Ask(RequestText("TRACE", "/", {})).status, 501);
  EXPECT_EQ(recorder.Ask(RequestText("OPTIONS", "*", {})).status, 400);
  EXPECT_EQ(
      recorder.Ask(RequestText("GET", "/", {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}))
          .status,
      501);
  EXPECT_TRUE(recorder.upstream().Journal().empty());
}

}  // namespace
}  // namespace keywalk::mock::testing
