#include "conformance/mutant_catalogue.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/json_reader.h"
#include "config/schema_version.h"

namespace keywalk::conformance {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

AttemptsByRequest ReadAttempts(const json& value, const std::string& pointer,
                               JsonProblems& problems) {
  AttemptsByRequest attempts;
  ObjectReader object(value, pointer, problems);
  for (const auto& member : value.items()) {
    attempts[member.key()] = object.Strings(member.key());
  }
  object.Finish();
  return attempts;
}

Mutant ReadMutant(const json& value, const std::string& pointer, JsonProblems& problems) {
  Mutant mutant;
  ObjectReader object(value, pointer, problems);
  mutant.name.name = object.RequiredString("name");
  mutant.name.title = object.RequiredString("title");
  if (const json* provenance = object.Object("provenance")) {
    ObjectReader member(*provenance, object.PointerTo("provenance"), problems);
    mutant.name.provenance_issue = member.RequiredString("issue");
    member.String("note");
    member.Finish();
  }
  for (std::string& id : object.Strings("kills")) mutant.kills.insert(std::move(id));
  if (const json* attempts = object.Object("attempts"); attempts && attempts->is_object()) {
    const std::string below = object.PointerTo("attempts");
    for (const auto& member : attempts->items()) {
      mutant.attempts[member.key()] =
          ReadAttempts(member.value(), JoinPointer(below, member.key()), problems);
    }
  }
  object.Finish();
  return mutant;
}

bool HasWrongAttempts(const CaseResult& result) {
  return std::any_of(
      result.mismatches.begin(), result.mismatches.end(),
      [](const Mismatch& mismatch) { return mismatch.where.ends_with(" attempts"); });
}

const Mutant* FindSameAttempts(const std::vector<Mutant>& mutants, const CaseResult& result) {
  for (const Mutant& mutant : mutants) {
    const auto found = mutant.attempts.find(result.id);
    if (found != mutant.attempts.end() && found->second == result.attempts) return &mutant;
  }
  return nullptr;
}

bool CountsAsFailed(const CaseResult& result) {
  return result.verdict == Verdict::kFail || result.verdict == Verdict::kKnownFailing;
}

}  // namespace

Result<std::vector<Mutant>> LoadMutants(const std::string& path) {
  std::vector<Mutant> mutants;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return mutants;
  JsonProblems problems(path);
  const json document = config::ReadJsonFile(path, problems);
  if (problems.any()) return problems.error();
  ObjectReader root(document, "", problems);
  config::CheckSchemaVersion(root);
  const json* array = root.RequiredArray("mutants");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    mutants.push_back(ReadMutant((*array)[i], JoinPointer("/mutants", i), problems));
  }
  root.Finish();
  if (problems.any()) return problems.error();
  return mutants;
}

void NameMutants(const std::vector<Mutant>& mutants, RunReport& report) {
  std::set<std::string> ran, failed;
  for (CaseResult& result : report.results) {
    if (result.verdict != Verdict::kSkipped) ran.insert(result.id);
    if (!CountsAsFailed(result)) continue;
    failed.insert(result.id);
    const Mutant* same = HasWrongAttempts(result) ? FindSameAttempts(mutants, result) : nullptr;
    if (same != nullptr) result.behaves_like = same->name;
  }
  for (const Mutant& mutant : mutants) {
    std::size_t shared = 0;
    std::size_t either = failed.size();
    for (const std::string& id : mutant.kills) {
      if (failed.contains(id)) {
        ++shared;
      } else if (ran.contains(id)) {
        ++either;
      }
    }
    const double similarity =
        either == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(either);
    const double best = report.nearest ? report.nearest->similarity : 0;
    if (similarity < kNearEnough || similarity <= best) continue;
    report.nearest = NearestMutant{mutant.name, shared, either, similarity};
  }
}

}  // namespace keywalk::conformance
