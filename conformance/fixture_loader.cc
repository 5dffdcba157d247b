#include "conformance/fixture_loader.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "config/json_reader.h"
#include "config/schema_version.h"
#include "conformance/case_reader.h"
#include "keywalk/config.h"

namespace keywalk::conformance {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

// The .json files of a folder in the order of their names; none if there is no such folder.
std::vector<std::string> JsonFiles(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

template <typename T>
void MoveAll(std::vector<T> from, std::vector<T>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// Runs `read` on the text of every file of a folder; the first problem ends it.
template <typename Read>
std::optional<Error> ReadFolder(const std::string& folder, const Read& read) {
  for (const std::string& path : JsonFiles(folder)) {
    JsonProblems problems(path);
    const std::optional<std::string> text = config::ReadFile(path, problems);
    if (text) read(*text, problems);
    if (problems.any()) return problems.error();
  }
  return std::nullopt;
}

Clause ReadClause(const json& value, const std::string& pointer, JsonProblems& problems) {
  Clause clause;
  ObjectReader object(value, pointer, problems);
  clause.id = object.RequiredString("id");
  clause.text = object.RequiredString("text");
  object.RequiredString("level");
  clause.declared = object.Choice("level", "core", {"core", "declared"}) == "declared";
  if (clause.declared) clause.capability = object.RequiredString("capability");
  clause.structural = object.String("structural");
  object.Finish();
  return clause;
}

std::optional<Error> ReadClauses(const std::string& path, Suite& suite) {
  JsonProblems problems(path);
  const json document = config::ReadJsonFile(path, problems);
  if (problems.any()) return problems.error();
  ObjectReader root(document, "", problems);
  config::CheckSchemaVersion(root);
  root.RequiredObject("areas");
  const json* array = root.RequiredArray("clauses");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    suite.clauses.push_back(ReadClause((*array)[i], JoinPointer("/clauses", i), problems));
  }
  root.Finish();
  return problems.any() ? std::optional(problems.error()) : std::nullopt;
}

std::optional<Error> ReadPolicies(Suite& suite) {
  for (const std::string& path : JsonFiles(suite.folder + "/policies")) {
    Result<LoadedPolicy> loaded = LoadPolicyWithContent(path);
    if (!loaded) return loaded.error();
    std::string name = loaded->policy->name;
    suite.policies.insert_or_assign(std::move(name), *std::move(loaded));
  }
  return std::nullopt;
}

// What no single file can show.
class CrossChecks {
 public:
  explicit CrossChecks(const Suite& suite) : suite_(suite) {}

  std::optional<Error> Run() {
    for (const Case& test_case : suite_.cases) CheckCase(test_case);
    for (const Vector& vector : suite_.vectors) CheckVector(vector);
    return error_;
  }

 private:
  void CheckCase(const Case& test_case) {
    const std::string at = test_case.file + ": " + test_case.pointer;
    CheckId(test_case.id, at);
    CheckClauses(test_case.clauses, at);
    for (const std::string& policy : test_case.policies) {
      if (suite_.FindPolicy(policy) == nullptr) {
        Add(at + "/policies: unknown policy \"" + policy + "\"");
      }
    }
  }

  void CheckVector(const Vector& vector) {
    const std::string at = vector.file + ": " + vector.pointer;
    CheckId(vector.function + "/" + vector.id, at);
    CheckClauses(vector.clauses, at);
    if (!vector.policy.empty() && suite_.FindPolicy(vector.policy) == nullptr) {
      Add(at + "/input/policy: unknown policy \"" + vector.policy + "\"");
    }
  }

  void CheckId(const std::string& id, const std::string& at) {
    if (!ids_.insert(id).second) Add(at + "/id: \"" + id + "\" is given twice");
  }

  void CheckClauses(const std::vector<std::string>& clauses, const std::string& at) {
    for (const std::string& id : clauses) {
      if (suite_.FindClause(id) == nullptr) Add(at + "/clauses: unknown clause \"" + id + "\"");
    }
  }

  void Add(std::string message) {
    if (!error_) error_.emplace(std::move(message));
  }

  const Suite& suite_;
  std::set<std::string> ids_;
  std::optional<Error> error_;
};

}  // namespace

const Clause* Suite::FindClause(const std::string& id) const {
  const auto found = std::find_if(clauses.begin(), clauses.end(),
                                  [&](const Clause& clause) { return clause.id == id; });
  return found == clauses.end() ? nullptr : &*found;
}

const LoadedPolicy* Suite::FindPolicy(const std::string& name) const {
  const auto found = policies.find(name);
  return found == policies.end() ? nullptr : &found->second;
}

Result<LoadedPolicy> LoadPolicyWithContent(const std::string& path) {
  JsonProblems problems(path);
  const std::optional<std::string> text = config::ReadFile(path, problems);
  if (problems.any()) return problems.error();
  json content = config::ParseJson(*text, problems);
  if (problems.any()) return problems.error();
  Result<Policy> policy = ParsePolicy(*text, path);
  if (!policy) return policy.error();
  return LoadedPolicy{std::make_shared<const Policy>(*std::move(policy)),
                      std::make_shared<const json>(std::move(content)), false, ""};
}

Result<Suite> LoadSuite(const std::string& folder) {
  Suite suite;
  suite.folder = folder;
  if (const auto error = ReadClauses(folder + "/clauses.json", suite)) return *error;
  if (const auto error = ReadPolicies(suite)) return *error;
  auto error =
      ReadFolder(folder + "/vectors", [&](const std::string& text, JsonProblems& problems) {
        MoveAll(ReadVectors(text, problems), suite.vectors);
      });
  if (error) return *error;
  for (const bool over_sockets : {false, true}) {
    const std::string room = folder + (over_sockets ? "/scenarios" : "/decisions");
    error = ReadFolder(room, [&](const std::string& text, JsonProblems& problems) {
      MoveAll(ReadCases(text, over_sockets, problems), suite.cases);
    });
    if (error) return *error;
  }
  if (suite.cases.empty() && suite.vectors.empty()) return Error(folder + ": holds no case");
  if (const auto found = CrossChecks(suite).Run()) return *found;
  return suite;
}

}  // namespace keywalk::conformance
