// Goal: the suite hangs together: identifiers are unique, what a case names exists, and every
// clause that the suite promises to prove is proven by something.
// Method: reads all of fixtures/ and, for structural clauses, the C++ tests' sources.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "keywalk/config.h"
#include "tests/config/fixture_file.h"

namespace keywalk {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;

struct Proof {
  std::string where;  // file and id
  json item;          // the case or vector
};

std::vector<Proof> ReadProofs() {
  std::vector<Proof> proofs;
  for (const std::string folder : {"vectors", "decisions", "scenarios"}) {
    for (const std::string& file : FixturesIn(folder)) {
      const json document = ReadFixture(file);
      for (const json& item : document.at(folder == "vectors" ? "vectors" : "cases")) {
        proofs.push_back({file + " " + item.at("id").get<std::string>(), item});
      }
    }
  }
  return proofs;
}

std::map<std::string, json> ReadClauses() {
  std::map<std::string, json> clauses;
  const json document = ReadFixture("clauses.json");
  for (const json& clause : document.at("clauses")) {
    EXPECT_TRUE(clauses.emplace(clause.at("id"), clause).second) << clause.at("id");
  }
  return clauses;
}

// The text of all C++ tests.
std::string AllTestSources() {
  std::string sources;
  const std::filesystem::path tests = std::filesystem::path(KEYWALK_FIXTURES_DIR) / "../tests";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tests)) {
    if (entry.path().extension() != ".cc") continue;
    std::ifstream file(entry.path());
    sources.append(std::istreambuf_iterator<char>(file), {});
  }
  return sources;
}

TEST(SuiteTest, CaseIdsAreUniqueOverAllFiles) {
  std::set<std::string> ids;
  for (const Proof& proof : ReadProofs()) {
    if (proof.where.starts_with("vectors/")) continue;
    EXPECT_TRUE(ids.insert(proof.item.at("id")).second) << proof.where;
  }
  EXPECT_GT(ids.size(), 200u);
}

TEST(SuiteTest, VectorIdsAreUniqueInTheirFile) {
  std::set<std::string> ids;
  for (const Proof& proof : ReadProofs()) {
    EXPECT_TRUE(ids.insert(proof.where).second) << proof.where;
  }
}

TEST(SuiteTest, WhatACaseNamesExists) {
  const std::map<std::string, json> clauses = ReadClauses();
  const std::vector<std::string> names = BuiltinPolicyNames();
  const std::set<std::string> policies(names.begin(), names.end());
  for (const Proof& proof : ReadProofs()) {
    for (const json& clause : proof.item.at("clauses")) {
      EXPECT_TRUE(clauses.contains(clause)) << proof.where << " names " << clause;
    }
    for (const json& policy : proof.item.value("policies", json::array())) {
      EXPECT_TRUE(policies.contains(policy)) << proof.where << " names " << policy;
    }
  }
}

// A lane that no request of its case expects would be a fault that never fires.
TEST(SuiteTest, EveryLaneOfACaseIsExpectedToBeUsed) {
  for (const Proof& proof : ReadProofs()) {
    // Whom a connection is refused or broken off uses no step of the lane.
    if (!proof.item.contains("lanes") || proof.item.contains("connections")) continue;
    std::map<std::string, std::size_t> attempts;
    for (const json& request : proof.item.at("requests")) {
      for (const json& key : request.at("expect").at("attempts")) ++attempts[key];
    }
    for (const auto& lane : proof.item.at("lanes").items()) {
      std::size_t steps = 0;
      for (const json& step : lane.value().at("steps")) steps += step.value("times", 1u);
      EXPECT_EQ(attempts[lane.key()], steps) << proof.where << " lane " << lane.key();
    }
  }
}

TEST(SuiteTest, EveryClauseOfTheDecisionsIsProven) {
  std::set<std::string> proven;
  for (const Proof& proof : ReadProofs()) {
    if (proof.where.starts_with("scenarios/")) continue;
    for (const json& clause : proof.item.at("clauses")) proven.insert(clause);
  }
  std::vector<std::string> unproven;
  for (const auto& [id, clause] : ReadClauses()) {
    const std::string area = id.substr(0, id.find('/'));
    const bool promised = area == "pool" || area == "state" || area == "walk" || area == "retry" ||
                          area == "classify" || area == "provider" || area == "concurrency";
    if (promised && !clause.contains("structural") && !proven.contains(id)) unproven.push_back(id);
  }
  EXPECT_THAT(unproven, IsEmpty());
}

TEST(SuiteTest, StructuralClausesNameTestsThatExist) {
  const std::string sources = AllTestSources();
  std::size_t structural = 0;
  for (const auto& [id, clause] : ReadClauses()) {
    if (!clause.contains("structural")) continue;
    ++structural;
    std::string name = clause.at("structural");
    name.replace(name.find('.'), 1, ", ");
    EXPECT_NE(sources.find("(" + name + ")"), std::string::npos) << id << " names " << name;
  }
  EXPECT_GE(structural, 4u);
}

}  // namespace
}  // namespace keywalk
