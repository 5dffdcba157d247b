// Goal: a document that is wrong is refused with the place and what was expected, and never with a
// quotation of its text, which may hold a secret.
// Method: small documents, read through ParseJson and ObjectReader as every reader does.
#include "config/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace keywalk::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ParseProblem(std::string_view text) {
  JsonProblems problems("file.json");
  ParseJson(text, problems);
  return problems.any() ? problems.error().message() : "";
}

// The problem that `read` finds in an object; empty if none.
template <typename Read>
std::string ReadProblem(const json& value, Read read) {
  JsonProblems problems("file.json");
  ObjectReader object(value, "", problems);
  read(object);
  object.Finish();
  return problems.any() ? problems.error().message() : "";
}

TEST(ParseJsonTest, BuildsTheDocumentAsWritten) {
  JsonProblems problems("file.json");
  const std::string text =
      R"({"a":{"a":[]},"b":[[],{},"s",null,true,-5,1.5,18446744073709551615],"":{"":0}})";
  EXPECT_EQ(ParseJson(text, problems), json::parse(text));
  EXPECT_FALSE(problems.any());
}

TEST(ParseJsonTest, ScalarsAreDocumentsToo) {
  JsonProblems problems("file.json");
  EXPECT_EQ(ParseJson("5", problems), json(5));
  EXPECT_EQ(ParseJson("null", problems), json(nullptr));
  EXPECT_FALSE(problems.any());
}

TEST(ParseJsonTest, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(ParseProblem("{\n  \"a\": tru\n}"), HasSubstr("file.json: line 2, column 11: "));
  EXPECT_THAT(ParseProblem("{\"a\": 1,}"), HasSubstr("file.json: line 1, column 9: "));
}

TEST(ParseJsonTest, SyntaxErrorsDoNotQuoteTheText) {
  EXPECT_THAT(ParseProblem("{\"key\": \"sk-secret\n\"}"), Not(HasSubstr("secret")));
  EXPECT_THAT(ParseProblem("{\"key\": sk-secret}"), Not(HasSubstr("secret")));
  EXPECT_THAT(ParseProblem("{\"key\": \"sk-secret"), Not(HasSubstr("secret")));
  EXPECT_THAT(ParseProblem("[\"sk-secret; expected ]\" 5]"), Not(HasSubstr("secret")));
}

TEST(ParseJsonTest, TextThatIsNotUtf8IsRefused) {
  EXPECT_THAT(ParseProblem("{\"a\": \"\xff\"}"), HasSubstr("line 1, column 8: "));
}

TEST(ParseJsonTest, ARepeatedKeyIsNamedByItsPointer) {
  EXPECT_EQ(ParseProblem(R"({"a": [{"b": 1}, {"b": 1, "c/d": 2, "c/d": 3}]})"),
            "file.json: /a/1/c~1d: duplicate key");
}

TEST(ParseJsonTest, EqualKeysOfDifferentObjectsAreFine) {
  EXPECT_EQ(ParseProblem(R"({"a": {"a": 1}, "b": {"a": {"a": 1}}})"), "");
}

TEST(ParseJsonTest, NestingHasABound) {
  EXPECT_EQ(ParseProblem(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_THAT(ParseProblem(std::string(65, '[') + std::string(65, ']')), HasSubstr("nested"));
  EXPECT_THAT(ParseProblem(std::string(1'000'000, '[')), HasSubstr("nested"));
}

TEST(ReadFileTest, AFileThatCannotBeReadIsAProblem) {
  JsonProblems missing("missing");
  EXPECT_EQ(ReadFile("/nonexistent/file.json", missing), std::nullopt);
  EXPECT_EQ(missing.error().message(), "missing: cannot be read: No such file or directory");
  JsonProblems folder("folder");
  EXPECT_EQ(ReadFile("/", folder), std::nullopt);
  EXPECT_EQ(folder.error().message(), "folder: cannot be read: Is a directory");
}

TEST(ObjectReaderTest, SaysWhatIsWrongWithANumberThatIsNoInteger) {
  const auto problem = [](const char* text) {
    return ReadProblem(json::parse(text), [](ObjectReader& object) {
      object.Integer("n", 0, {0, 10});
    });
  };
  EXPECT_THAT(problem(R"({"n": 99999999999999999999})"), HasSubstr("/n: expected an integer, "
                                                                   "found a number out of range"));
  EXPECT_THAT(problem(R"({"n": 1e15})"), HasSubstr("written without point and exponent"));
  EXPECT_THAT(problem(R"({"n": 1.5})"), HasSubstr("found a fractional number"));
}

// A name that is only asked for is a known one, but reading it is what accepts it.
TEST(ObjectReaderTest, ANameThatIsAskedForIsListedButNotAccepted) {
  const auto read = [](ObjectReader& object) {
    object.Has("asked");
    object.Finish();
  };
  EXPECT_THAT(ReadProblem({{"other", 1}}, read), HasSubstr("known are \"$schema\", \"asked\""));
  EXPECT_THAT(ReadProblem({{"asked", 1}}, read), HasSubstr("/asked: unknown key"));
}

TEST(JsonProblemsTest, HidesNamesThatMayBeKeysAndControlCharacters) {
  JsonProblems problems("f");
  problems.MaskNamesUnless([](std::string_view parent, std::string_view name) {
    return name == "own" || name == "list" || parent == "list";
  });
  problems.Add("/own/sk~1abcdefghijkl~0~1mnop/list/0/\x1b[2J-\xC2\x9B-abc", "bad");
  EXPECT_EQ(problems.error().message(), "f: /own/sk~1a...mnop/list/0/\\u001b[...bc: bad");
  EXPECT_EQ(Printable("a\n\x7F\xC2\x9Bz\xC3\xA9"), "a\\u000a\\u007f\\u009bz\xC3\xA9");
}

TEST(JsonProblemsTest, TheFirstProblemIsKept) {
  JsonProblems problems("file.json");
  problems.Add("/a", "first");
  problems.Add("/b", "second");
  EXPECT_EQ(problems.error().message(), "file.json: /a: first");
}

TEST(JoinPointerTest, SlashesAndTildesAreEscaped) {
  EXPECT_EQ(JoinPointer("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPointer("", "a/b~c"), "/a~1b~0c");
  EXPECT_EQ(JoinPointer("/a", 17), "/a/17");
  EXPECT_EQ(JoinPointer("/a", ""), "/a/");
}

TEST(ObjectReaderTest, AbsentOptionalKeysGiveTheirDefaults) {
  EXPECT_EQ(ReadProblem(json::object(),
                        [](ObjectReader& object) {
                          EXPECT_EQ(object.String("s", "default"), "default");
                          EXPECT_EQ(object.Integer("i", 7, {1, 9}), 7);
                          EXPECT_TRUE(object.Boolean("b", true));
                          EXPECT_EQ(object.Choice("c", "x", {"x", "y"}), "x");
                          EXPECT_TRUE(object.Strings("l").empty());
                          EXPECT_EQ(object.Value("v"), nullptr);
                          EXPECT_EQ(object.Object("o"), nullptr);
                          EXPECT_EQ(object.Array("a"), nullptr);
                          EXPECT_FALSE(object.Has("s"));
                        }),
            "");
}

TEST(ObjectReaderTest, PresentKeysGiveTheirValues) {
  const json value = {{"s", "text"}, {"i", 5},          {"b", false},
                      {"c", "y"},    {"l", {"a", "b"}}, {"o", json::object()}};
  EXPECT_EQ(ReadProblem(value,
                        [](ObjectReader& object) {
                          EXPECT_EQ(object.RequiredString("s"), "text");
                          EXPECT_EQ(object.RequiredInteger("i", {5, 5}), 5);
                          EXPECT_FALSE(object.Boolean("b", true));
                          EXPECT_EQ(object.Choice("c", "x", {"x", "y"}), "y");
                          EXPECT_EQ(object.Strings("l"), (std::vector<std::string>{"a", "b"}));
                          EXPECT_NE(object.RequiredObject("o"), nullptr);
                          EXPECT_EQ(object.PointerTo("o"), "/o");
                        }),
            "");
}

TEST(ObjectReaderTest, IntegersKeepTheirRangeAtBothEndsOf64Bits) {
  const auto read = [](ObjectReader& object) { object.Integer("i", 0, {INT64_MIN, INT64_MAX}); };
  EXPECT_EQ(ReadProblem({{"i", INT64_MAX}}, read), "");
  EXPECT_EQ(ReadProblem({{"i", INT64_MIN}}, read), "");
  EXPECT_THAT(ReadProblem({{"i", UINT64_MAX}}, read), HasSubstr("/i: must be between"));
}

TEST(ObjectReaderTest, ABooleanIsNoInteger) {
  const auto read = [](ObjectReader& object) { object.Integer("i", 0, {0, 1}); };
  EXPECT_EQ(ReadProblem({{"i", true}}, read),
            "file.json: /i: expected an integer, found a boolean");
}

TEST(ObjectReaderTest, ProblemsDoNotQuoteValues) {
  const json value = {{"c", "sk-secret"}};
  EXPECT_EQ(ReadProblem(value,
                        [](ObjectReader& object) {
                          object.Choice("c", "x", {"x", "y"});
                        }),
            "file.json: /c: must be one of \"x\", \"y\"");
}

TEST(ObjectReaderTest, WhatIsNoObjectReadsAsEmpty) {
  EXPECT_EQ(ReadProblem(json::array({1}),
                        [](ObjectReader& object) {
                          EXPECT_EQ(object.RequiredString("s"), "");
                          EXPECT_FALSE(object.Has("s"));
                        }),
            "file.json: expected an object, found an array");
}

}  // namespace
}  // namespace keywalk::config
