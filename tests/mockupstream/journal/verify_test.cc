// Goal: a wrong sequence of requests is told in words that a person can act on.
// Method: entries made by hand, expectations as JSON, whole messages compared.

#include "mockupstream/journal/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace keywalk::mock {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Expectation Parse(const std::string& text) {
  Result<Expectation> expectation = ParseExpectation(text, "test");
  if (!expectation.ok()) throw std::runtime_error(expectation.error().message());
  return std::move(*expectation);
}

JournalEntry Entry(std::string lane, std::string target = "/v1/a", int status = 200) {
  JournalEntry entry;
  entry.lane = std::move(lane);
  entry.method = "POST";
  entry.target = std::move(target);
  entry.status = status;
  entry.step = 0;
  return entry;
}

std::vector<JournalEntry> Numbered(std::vector<JournalEntry> entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].sequence = i;
  return entries;
}

VerifyResult Check(const std::string& expectation, std::vector<JournalEntry> entries) {
  return Verify(Parse(expectation), Numbered(std::move(entries)), {}, SecretMasker());
}

std::string Message(const std::string& expectation, std::vector<JournalEntry> entries) {
  return Check(expectation, std::move(entries)).message();
}

TEST(VerifyTest, ASequenceOfLanesIsExact) {
  const std::string k0_k1 = R"({"sequence": ["k0", "k1"]})";
  EXPECT_EQ(Message(k0_k1, {Entry("k0"), Entry("k1")}), "");
  EXPECT_EQ(Message(k0_k1, {Entry("k0")}), "expected k1 second; no further request came");
  EXPECT_EQ(Message(k0_k1, {}), "expected k0 first; no request came");
  EXPECT_EQ(Message(k0_k1, {Entry("k0"), Entry("k1"), Entry("")}),
            "expected 2 requests, got 3; the first unexpected one is #2, without a lane");
  EXPECT_EQ(Message(k0_k1, {Entry("k0"), Entry("k0"), Entry("k1")}),
            "expected k1 second; the nearest request (#2, k1) came third");
  EXPECT_EQ(Message(R"({"sequence": []})", {}), "");
}

TEST(VerifyTest, NamesTheFieldsInWhichTheNearestRequestDiffers) {
  const std::string expectation = R"({"requests": [
      {"lane": "k0"}, {"lane": "k1", "method": "POST", "path": "/v1/a", "status": 200}]})";
  EXPECT_EQ(Message(expectation, {Entry("k0"), Entry("k1", "/v1/b")}),
            "expected k1 second; the nearest request (#1, k1) differs in path: expected "
            "\"/v1/a\", got \"/v1/b\"");
  EXPECT_EQ(Message(expectation, {Entry("k0"), Entry("k1", "/v1/b", 0)}),
            "expected k1 second; the nearest request (#1, k1) differs in path: expected "
            "\"/v1/a\", got \"/v1/b\"; status: expected 200, got none");
}

TEST(VerifyTest, TheNearestHasTheFewestDifferencesThenTheLaneThenComesFirst) {
  const std::string expectation = R"({"requests": [{"lane": "k1", "path": "/v1/a"}]})";
  const auto nearest = [&](std::vector<JournalEntry> entries) {
    return Check(expectation, std::move(entries)).failures.at(0).nearest;
  };
  EXPECT_EQ(nearest({Entry("k0", "/v1/b"), Entry("k0", "/v1/a")}), 1u);
  EXPECT_EQ(nearest({Entry("k0", "/v1/a"), Entry("k1", "/v1/b")}), 1u);
  EXPECT_EQ(nearest({Entry("k1", "/v1/c"), Entry("k1", "/v1/b")}), 0u);
}

TEST(VerifyTest, ComparesEveryField) {
  JournalEntry entry = Entry("k0", "/v1/a?x=1", 429);
  entry.scope = "s";
  entry.step = 3;
  entry.fault = FaultState::kFired;
  entry.headers = {{"X-A", "1"}, {"x-a", "2"}};
  entry.body = R"({"model": "m", "n": [1, 2], "stream": true})";
  entry.body_bytes = entry.body.size();
  entry.body_complete = true;
  entry.body_sha256 = std::string(64, 'a');
  const std::string right = R"({"scope": "s", "lane": "k0", "method": "POST", "path": "/v1/a",
      "status": 429, "step": 3, "fault": "fired", "headers": {"x-A": "2"},
      "json": {"n": [1, 2]}, "body_sha256": ")" +
                            std::string(64, 'a') + "\"}";
  const std::string other_digest = "{\"body_sha256\": \"" + std::string(64, 'b') + "\"}";
  const std::string digests = "body_sha256: expected \"" + std::string(64, 'b') + "\", got \"aa";
  const std::pair<const char*, const char*> cases[] = {
      {right.c_str(), ""},
      {R"({"path": "/v1/a?x=1"})", ""},
      {R"({"scope": "t"})", R"(scope: expected "t", got "s")"},
      {R"({"lane": "k1"})", R"(lane: expected "k1", got "k0")"},
      {R"({"method": "GET"})", R"(method: expected "GET", got "POST")"},
      {R"({"path": "/v1/a?x=2"})", R"(path: expected "/v1/a?x=2", got "/v1/a?x=1")"},
      {R"({"status": 200})", "status: expected 200, got 429"},
      {R"({"step": 2})", "step: expected 2, got 3"},
      {R"({"fault": "none"})", "fault: expected none, got fired"},
      {R"({"headers": {"X-A": "3"}})", R"(header X-A: expected "3", got "1", "2")"},
      {R"({"headers": {"X-B": "3"}})", R"(header X-B: expected "3", got none)"},
      {R"({"json": {"model": "other"}})", R"(json /model: expected "other", got "m")"},
      {R"({"json": {"tools": []}})", "json /tools: expected [], got nothing"},
      {other_digest.c_str(), digests.c_str()},
  };
  for (const auto& [expected, difference] : cases) {
    const std::string message =
        Message(R"({"requests": [)" + std::string(expected) + "]}", {entry});
    EXPECT_THAT(message, HasSubstr(difference));
    EXPECT_EQ(message.empty(), std::string(difference).empty()) << expected;
  }
}

TEST(VerifyTest, SaysWhyABodyCouldNotBeCompared) {
  const std::string expectation = R"({"requests": [{"json": {"a": 1}}]})";
  JournalEntry entry = Entry("k0");
  EXPECT_THAT(Message(expectation, {entry}), HasSubstr("got no body"));
  entry.body_bytes = 9;
  EXPECT_THAT(Message(expectation, {entry}), HasSubstr("not kept (--journal-bodies)"));
  entry.body = R"({"a": 1})";
  entry.body_truncated = true;
  EXPECT_THAT(Message(expectation, {entry}), HasSubstr("not kept whole (--journal-bodies)"));
  entry.body_truncated = false;
  EXPECT_THAT(Message(expectation, {entry}), HasSubstr("not kept whole"));
  entry.body_complete = true;
  EXPECT_EQ(Message(expectation, {entry}), "");
  entry.body = "text";
  EXPECT_THAT(Message(expectation, {entry}), HasSubstr("a body that is no JSON"));
}

TEST(VerifyTest, ABodyThatIsNestedWithoutEndIsNoJson) {
  JournalEntry entry = Entry("k0");
  entry.body = std::string(200'000, '[') + std::string(200'000, ']');
  entry.body_bytes = entry.body.size();
  entry.body_complete = true;
  EXPECT_THAT(Message(R"({"requests": [{"json": {"a": 1}}]})", {entry}),
              HasSubstr("a body that is no JSON"));
}

TEST(VerifyTest, ASubsequenceAllowsOthersBetween) {
  const std::string expectation =
      R"({"order": "subsequence", "requests": [{"lane": "k0"}, {"lane": "k1"}]})";
  EXPECT_EQ(Message(expectation, {Entry("x"), Entry("k0"), Entry("x"), Entry("k1")}), "");
  EXPECT_EQ(Message(expectation, {Entry("k1"), Entry("k0"), Entry("x")}),
            "expected k1 after #1, k0; the nearest request (#2, x) differs in lane: expected "
            "\"k1\", got \"x\"");
  EXPECT_EQ(Message(expectation, {Entry("k1"), Entry("k0")}),
            "expected k1 after #1, k0; no further request came");
}

TEST(VerifyTest, InAnyOrderEachIsAnotherRequest) {
  // The general expectation takes either request; only one can be the special one.
  const std::string expectation =
      R"({"order": "any", "requests": [{"lane": "k0"}, {"lane": "k0", "path": "/v1/a"}]})";
  EXPECT_EQ(Message(expectation, {Entry("k0", "/v1/a"), Entry("x"), Entry("k0", "/v1/b")}), "");
  const VerifyResult result = Check(expectation, {Entry("x"), Entry("k0", "/v1/b")});
  EXPECT_EQ(result.message(),
            "expected k0 (requests/1); the nearest request (#0, x) differs in lane: expected "
            "\"k0\", got \"x\"");
  EXPECT_EQ(result.unexpected, std::vector<std::uint64_t>{0});
}

TEST(VerifyTest, CountsRequestsByLane) {
  const std::string expectation =
      R"({"counts": {"k0": 2, "k1": {"min": 1, "max": 3}, "k2": {"min": 1}, "k3": {"max": 0}}})";
  EXPECT_EQ(Message(expectation, {Entry("k0"), Entry("k1"), Entry("k0"), Entry("k2")}), "");
  EXPECT_EQ(Message(expectation, {Entry("k0"), Entry("k3")}),
            "expected 2 requests to k0, got 1\n"
            "expected 1 to 3 requests to k1, got 0\n"
            "expected at least 1 request to k2, got 0\n"
            "expected 0 requests to k3, got 1");
}

TEST(VerifyTest, EveryFaultMustHaveFired) {
  const Expectation expectation = Parse(R"({"faults": "all_fired"})");
  std::vector<JournalEntry> entries = Numbered({Entry("k0"), Entry("k1")});
  entries[1].fault = FaultState::kFired;
  EXPECT_TRUE(Verify(expectation, entries, {}, SecretMasker()).ok());
  entries[1].fault = FaultState::kNotReached;
  const std::vector<UnservedFault> unserved{{"k2", 1, std::nullopt}, {"k2", 0, "chat"}};
  EXPECT_EQ(Verify(expectation, entries, unserved, SecretMasker()).message(),
            "expected every fault to fire; that of #1, k1, step 0 is not_reached\n"
            "expected every fault to fire; no request was given k2's script step 1\n"
            "expected every fault to fire; no request was given k2's route chat, script step 0");
}

TEST(VerifyTest, LooksAtAPartOfTheJournal) {
  Expectation expectation = ExpectSequence({"k1"});
  std::vector<JournalEntry> entries = Numbered({Entry("k0"), Entry("k1"), Entry("k2")});
  entries[2].scope = "other";
  EXPECT_FALSE(Verify(expectation, entries, {}, SecretMasker()).ok());
  expectation.from = 1;
  EXPECT_FALSE(Verify(expectation, entries, {}, SecretMasker()).ok());
  expectation.scope = "";
  EXPECT_TRUE(Verify(expectation, entries, {}, SecretMasker()).ok());
}

TEST(VerifyTest, ShowsNoKey) {
  const std::string own = "sk-the-key-of-a-request-1";
  const std::string scripted = "sk-a-key-of-the-script-222";
  const std::string asked = "sk-the-key-expected-333333";
  JournalEntry entry = Entry(scripted, "/v1/b?key=" + own);
  entry.headers = {{"x-api-key", own}};
  entry.sequence = 0;
  const Expectation expectation =
      Parse(R"({"requests": [{"path": "/v1/b?key=x", "lane": ")" + scripted +
            R"(2", "headers": {"x-api-key": ")" + asked + R"("}}]})");
  const std::string text =
      ToJson(Verify(expectation, {entry}, {}, SecretMasker({scripted}))).dump();
  EXPECT_THAT(text, HasSubstr("sk-t...3333"));
  for (const std::string& key : {own, scripted, asked}) EXPECT_THAT(text, Not(HasSubstr(key)));
}

// All that is said of an entry that lacks a member of the expected body.
std::string SaidOfBody(const std::string& body, const std::string& expected,
                       const std::string& key) {
  JournalEntry entry = Entry("k0");
  entry.body = body;
  entry.body_bytes = body.size();
  entry.body_complete = true;
  const Expectation expectation = Parse(R"({"requests": [{"json": )" + expected + "}]}");
  return ToJson(Verify(expectation, {entry}, {}, SecretMasker({key}))).dump();
}

TEST(VerifyTest, ShowsNoPartOfAKeyWhereAValueIsCut) {
  const std::string key = "sk-the-key-that-is-cut-in-two-44444";
  for (std::size_t before = 290 - key.size(); before < 310; ++before) {
    const std::string text = "\"" + std::string(before, 'x') + key + "\"";
    const std::string said = SaidOfBody(R"({"a": )" + text + "}", R"({"a": 1})", key);
    EXPECT_THAT(said, Not(HasSubstr(key.substr(0, 8)))) << before;
  }
}

TEST(VerifyTest, ShowsNoKeyThatIsWrittenInAnotherWay) {
  const std::string key = R"(sk-the/key-with"a\quote-55555)";
  const std::string name = json(key).dump();
  for (const std::string& body : {"{\"a\": " + name + "}", "{\"a\": [{" + name + ": 1}]}"}) {
    EXPECT_THAT(SaidOfBody(body, R"({"a": 1})", key), Not(HasSubstr("key-with")));
  }
  const std::string said = SaidOfBody("{}", "{" + name + ": {\"b\": 1}}", key);
  EXPECT_THAT(said, Not(HasSubstr("key-with"))) << "as a field";
  EXPECT_THAT(said, HasSubstr("json /sk-t...5555"));
  EXPECT_THAT(SaidOfBody(R"({"a": 1234567890123456789})", R"({"a": 1})", "1234567890123456789"),
              Not(HasSubstr("1234567890123456789")));
}

TEST(VerifyTest, NamesNoKeyInAnError) {
  for (const std::string key : {"sk-somebodys-key-7777777777", "sk-somebodys/key-777777~777"}) {
    for (const std::string& text : {"{\"" + key + "\": 1}", "{\"counts\": {\"" + key + "\": -1}}",
                                    "{\"requests\": [{\"" + key + "\": 1}]}",
                                    "{\"requests\": [{\"headers\": {\"" + key + "\": 1}}]}",
                                    "{\"" + key + "\": 1, \"" + key + "\": 1}"}) {
      const Result<Expectation> expectation = ParseExpectation(text, "verify");
      ASSERT_FALSE(expectation.ok()) << text;
      EXPECT_THAT(expectation.error().message(), Not(HasSubstr("somebodys"))) << text;
      EXPECT_THAT(expectation.error().message(), HasSubstr("sk-s...")) << text;
    }
  }
}

// Every member of the format is shown in errors, and a lane's name is not, which may be a key.
TEST(VerifyTest, TheNamesThatErrorsShowAreTheSchemas) {
  std::ifstream file(KEYWALK_SOURCE_DIR "/fixtures/schema/verify.schema.json");
  const json schema = json::parse(file);
  const auto error = [](const std::string& text) {
    return ParseExpectation(text, "verify").error().message();
  };
  std::size_t names = 0;
  for (const json& object :
       {schema, schema["$defs"]["request"], schema["$defs"]["count"]["anyOf"][1]}) {
    for (const auto& member : object.at("properties").items()) {
      ++names;
      const std::string text =
          R"({"x": {")" + member.key() + R"(": 1, ")" + member.key() + R"(": 1}})";
      EXPECT_THAT(error(text), HasSubstr("/.../" + member.key() + ": duplicate key"));
    }
  }
  EXPECT_EQ(names, 18u);
  EXPECT_THAT(error(R"({"requests": [{"statsu": 200}]})"),
              HasSubstr("/requests/0/statsu: unknown"));
  EXPECT_THAT(error(R"({"counts": {"status": "1"}})"), HasSubstr("/counts/s...s: "));
}

TEST(VerifyTest, TheResultIsJsonToo) {
  EXPECT_EQ(ToJson(Check(R"({"sequence": ["k0"]})", {Entry("k0")})),
            json::parse(R"({"ok": true})"));
  const std::string message =
      "expected k1 second; the nearest request (#1, k2) differs in lane: expected \"k1\", got "
      "\"k2\"";
  json expected = json::parse(R"({
    "ok": false, "first_difference": 1, "unexpected": [1],
    "expected": ["k0", "k1"], "actual": ["k0", "k2"],
    "failures": [{
      "request": 1, "nearest": 1,
      "differences": [{"field": "lane", "expected": "\"k1\"", "actual": "\"k2\""}]}]})");
  expected["message"] = expected["failures"][0]["message"] = message;
  EXPECT_EQ(ToJson(Check(R"({"sequence": ["k0", "k1"]})", {Entry("k0"), Entry("k2")})), expected);
}

TEST(VerifyTest, RefusesWhatItDoesNotUnderstand) {
  const std::pair<const char*, const char*> wrong[] = {
      {"{}", "needs one of sequence, requests, counts, faults"},
      {R"({"sequence": [], "requests": []})", "/sequence: and requests exclude each other"},
      {R"({"sequence": [], "order": "any"})", "/order: is for \"requests\""},
      {R"({"requests": [{"lan": "k0"}]})", "/requests/0"},
      {R"({"requests": [{"status": 1000}]})", "/requests/0/status: must be"},
      {R"({"requests": [{"headers": {"a b": ""}}]})", "/requests/0/headers/...: is no field name"},
      {R"({"requests": [{"headers": {"a": 1}}]})", "/requests/0/headers/...: expected a string"},
      {R"({"requests": [], "order": "some"})", "/order: must be one of"},
      {R"({"counts": {"k0": -1}})", "/counts/...: expected a number"},
      {R"({"counts": {"k0": {"min": 2, "max": 1}}})", "/counts/.../max: must not be below min"},
      {R"({"counts": {"k0": {}}})", "/counts/...: needs min or max"},
      {R"({"requests": [{"body_sha256": "00"}]})", "/requests/0/body_sha256: expected 64"},
      {R"({"faults": "some"})", "/faults: must be one of"},
      {R"({"requests": [{"fault": "pending"}]})", "/requests/0/fault: must be one of"},
      {"[", "line 1"},
  };
  for (const auto& [text, message] : wrong) {
    const Result<Expectation> expectation = ParseExpectation(text, "verify");
    ASSERT_FALSE(expectation.ok()) << text;
    EXPECT_THAT(expectation.error().message(), HasSubstr(message));
  }
}

}  // namespace
}  // namespace keywalk::mock
