// Goal: a template renders to exactly the text that it describes, and a wrong one says where.
// Method: small templates of every feature, by hand.
#include "conformance/config_template.h"

#include <gtest/gtest.h>

namespace keywalk::conformance {
namespace {

TemplateScope Keys(const std::vector<std::string>& names) {
  TemplateScope scope;
  scope.texts["port"] = "8080";
  scope.flags["on"] = true;
  scope.flags["off"] = false;
  scope.lists["none"] = {};
  for (std::size_t i = 0; i < names.size(); ++i) {
    TemplateScope key;
    key.texts["key"] = names[i];
    key.texts["port"] = "of " + names[i];
    key.flags["last"] = i + 1 == names.size();
    scope.lists["keys"].push_back(key);
  }
  return scope;
}

// What it renders to, or the error's message.
std::string Rendered(std::string_view text, const TemplateScope& scope = Keys({"a", "b"})) {
  const Result<std::string> rendered = RenderTemplate(text, {&scope});
  return rendered ? *rendered : "error: " + rendered.error().message();
}

TEST(ConfigTemplateTest, TextIsKeptAsItIs) {
  EXPECT_EQ(Rendered(""), "");
  EXPECT_EQ(Rendered("server { listen 80; }\n$uri %[path] }}"),
            "server { listen 80; }\n$uri %[path] }}");
}

TEST(ConfigTemplateTest, NameIsReplaced) {
  EXPECT_EQ(Rendered("{{port}}"), "8080");
  EXPECT_EQ(Rendered("{\"port\": {{ port }}}"), "{\"port\": 8080}");
}

TEST(ConfigTemplateTest, ListIsRepeatedWithItsOwnNamesFirst) {
  EXPECT_EQ(Rendered("{{#keys}}{{key}} {{port}}{{^last}}, {{/last}}{{/keys}}"), "a of a, b of b");
}

TEST(ConfigTemplateTest, FlagKeepsOrDrops) {
  EXPECT_EQ(Rendered("{{#on}}x{{/on}}{{#off}}y{{/off}}"), "x");
  EXPECT_EQ(Rendered("{{^on}}x{{/on}}{{^off}}y{{/off}}"), "y");
}

TEST(ConfigTemplateTest, EmptyListIsAbsent) {
  EXPECT_EQ(Rendered("{{#none}}x{{/none}}{{^none}}y{{/none}}"), "y");
  EXPECT_EQ(Rendered("{{^keys}}x{{/keys}}"), "");
}

TEST(ConfigTemplateTest, TagAloneOnItsLineTakesTheLineWithIt) {
  EXPECT_EQ(Rendered("begin\n{{#keys}}\n  key {{key}};\n{{/keys}}\nend\n"),
            "begin\n  key a;\n  key b;\nend\n");
  EXPECT_EQ(Rendered("  {{#on}}  \nx\n  {{/on}}"), "x\n");
}

TEST(ConfigTemplateTest, NestedListsKeepTheirPlaces) {
  TemplateScope outer;
  for (const char* name : {"p", "q"}) {
    const std::string pool = name;
    TemplateScope scope = Keys({pool + "0", pool + "1"});
    scope.texts["pool"] = pool;
    outer.lists["pools"].push_back(scope);
  }
  EXPECT_EQ(
      Rendered("{{#pools}}\n{{pool}}:{{#keys}} {{key}}@{{pool}}{{/keys}}\n{{/pools}}\n", outer),
      "p: p0@p p1@p\nq: q0@q q1@q\n");
}

TEST(ConfigTemplateTest, SecretIsNotATemplate) {
  EXPECT_EQ(Rendered("{{#keys}}{{key}}{{/keys}}", Keys({"{{port}}"})), "{{port}}");
}

TEST(ConfigTemplateTest, WrongTemplatesSayWhere) {
  EXPECT_EQ(Rendered("a\nb {{kee}}"), "error: line 2: unknown name {{kee}} here");
  EXPECT_EQ(Rendered("{{key}}"), "error: line 1: unknown name {{key}} here");
  EXPECT_EQ(Rendered("{{#port}}{{/port}}"), "error: line 1: unknown name {{port}} here");
  EXPECT_EQ(Rendered("{{keys}}"), "error: line 1: unknown name {{keys}} here");
  EXPECT_EQ(Rendered("\n{{#keys}}"), "error: line 2: {{#keys}} is not closed");
  EXPECT_EQ(Rendered("{{/keys}}"), "error: line 1: {{/keys}} closes nothing");
  EXPECT_EQ(Rendered("{{#on}}{{#keys}}{{/on}}{{/keys}}"), "error: line 1: {{/on}} closes nothing");
  for (const char* text : {"{{", "{{}}", "{{ a b }}", "{{A}}", "{{#}}"}) {
    EXPECT_TRUE(Rendered(text).starts_with("error: line 1: \"{{\" begins no tag")) << text;
  }
}

TEST(ConfigTemplateTest, WhatIsDroppedIsCheckedForItsStructureToo) {
  EXPECT_EQ(Rendered("{{#off}}{{#on}}{{/off}}"), "error: line 1: {{/off}} closes nothing");
}

}  // namespace
}  // namespace keywalk::conformance
