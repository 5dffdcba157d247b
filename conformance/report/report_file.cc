#include "conformance/report/report_file.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "config/json_reader.h"
#include "config/schema_version.h"

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kTimeRange{0, 1'000'000'000'000};

void CheckNumber(ObjectReader& object, std::string_view key, JsonProblems& problems) {
  const json* value = object.Value(key);
  if (value == nullptr || !value->is_number()) {
    problems.Add(object.PointerTo(key), "expected a number");
  }
}

// A string that has to be there; unlike a required name it may be empty.
std::string ReadText(ObjectReader& object, std::string_view key, JsonProblems& problems) {
  const json* value = object.Value(key);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  problems.Add(object.PointerTo(key), "expected a string");
  return "";
}

// Calls `read` with each member of an array and its place.
template <typename Read>
void ForEach(const json* array, const std::string& pointer, const Read& read) {
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    read((*array)[i], JoinPointer(pointer, i));
  }
}

void CheckClause(const json& value, const std::string& pointer, JsonProblems& problems) {
  ObjectReader clause(value, pointer, problems);
  ReadText(clause, "id", problems);
  clause.String("text");
  ReadText(clause, "level", problems);
  ReadText(clause, "status", problems);
}

// The mismatch in one line.
std::string ReadMismatch(const json& value, const std::string& pointer, JsonProblems& problems) {
  ObjectReader mismatch(value, pointer, problems);
  const std::string where = ReadText(mismatch, "where", problems);
  const std::string expected = ReadText(mismatch, "expected", problems);
  return where + ": expected " + expected + ", actual " + ReadText(mismatch, "actual", problems);
}

void CheckRequest(const json& value, const std::string& pointer, JsonProblems& problems) {
  ObjectReader request(value, pointer, problems);
  ReadText(request, "id", problems);
  request.Integer("at_ms", 0, kTimeRange);
  ReadText(request, "outcome", problems);
  const json* walk = request.RequiredObject("expected");
  if (walk == nullptr) return;
  ObjectReader expected(*walk, request.PointerTo("expected"), problems);
  ReadText(expected, "outcome", problems);
  expected.RequiredArray("attempts");
  expected.Strings("attempts");
}

void ReadAttempts(const json* value, const std::string& pointer, JsonProblems& problems,
                  ReportResult& result) {
  if (value == nullptr) return;
  ObjectReader attempts(*value, pointer, problems);
  for (const auto& member : value->items()) {
    attempts.RequiredArray(member.key());
    result.attempts[member.key()] = attempts.Strings(member.key());
  }
}

void CheckEvent(const json& value, const std::string& pointer, JsonProblems& problems) {
  ObjectReader event(value, pointer, problems);
  CheckNumber(event, "at_ms", problems);
  ReadText(event, "actor", problems);
  ReadText(event, "event", problems);
  for (const char* key : {"request", "key", "detail"}) event.String(key);
  event.Integer("status", 0, {0, 999});
}

ReportResult ReadResult(const json& value, const std::string& pointer, JsonProblems& problems) {
  ReportResult result;
  ObjectReader object(value, pointer, problems);
  result.id = ReadText(object, "id", problems);
  result.policy = ReadText(object, "policy", problems);
  result.way = ReadText(object, "way", problems);
  ReadText(object, "verdict", problems);
  result.verdict = object.Choice("verdict", "error",
                                 {"pass", "fail", "error", "inconclusive", "skipped",
                                  "known-failing", "unexpected-pass", "flaky"});
  for (const char* key : {"title", "area", "level", "file", "pointer"})
    ReadText(object, key, problems);
  for (const char* key : {"reason_url", "provenance", "provenance_note", "repeat"}) {
    object.String(key);
  }
  object.RequiredArray("clauses");
  object.Strings("clauses");
  object.Strings("notes");
  object.Strings("differs");
  CheckNumber(object, "duration_ms", problems);
  ForEach(object.RequiredArray("mismatches"), object.PointerTo("mismatches"),
          [&](const json& item, const std::string& at) {
            std::string mismatch = ReadMismatch(item, at, problems);
            if (result.cause.empty()) result.cause = std::move(mismatch);
          });
  if (result.cause.empty()) result.cause = object.String("reason");
  ForEach(object.Array("requests"), object.PointerTo("requests"),
          [&](const json& item, const std::string& at) { CheckRequest(item, at, problems); });
  ReadAttempts(object.Object("attempts"), object.PointerTo("attempts"), problems, result);
  if (const json* mutant = object.Object("behaves_like")) {
    ObjectReader behaves_like(*mutant, object.PointerTo("behaves_like"), problems);
    for (const char* key : {"name", "title"}) ReadText(behaves_like, key, problems);
  }
  ForEach(object.Array("timeline"), object.PointerTo("timeline"),
          [&](const json& item, const std::string& at) { CheckEvent(item, at, problems); });
  return result;
}

void ReadHead(ObjectReader& root, JsonProblems& problems, ReportFile& report) {
  config::CheckSchemaVersion(root);
  if (const json* value = root.RequiredObject("implementation")) {
    ObjectReader implementation(*value, root.PointerTo("implementation"), problems);
    report.implementation = ReadText(implementation, "name", problems);
    report.version = ReadText(implementation, "version", problems);
    ReadText(implementation, "language", problems);
  }
  ReadText(root, "command", problems);
  report.started_at = ReadText(root, "started_at", problems);
  CheckNumber(root, "duration_ms", problems);
  root.RequiredArray("policies");
  root.Strings("policies");
  ForEach(root.RequiredArray("clauses"), root.PointerTo("clauses"),
          [&](const json& item, const std::string& at) { CheckClause(item, at, problems); });
}

}  // namespace

Result<ReportFile> ParseReport(std::string_view text, const std::string& source) {
  JsonProblems problems(source);
  ReportFile report;
  report.source = source;
  auto document = std::make_shared<const json>(config::ParseJson(text, problems));
  if (problems.any()) return problems.error();
  ObjectReader root(*document, "", problems);
  ReadHead(root, problems, report);
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  ForEach(root.RequiredArray("results"), root.PointerTo("results"),
          [&](const json& item, const std::string& at) {
            ReportResult result = ReadResult(item, at, problems);
            if (!seen.emplace(result.id, result.policy, result.way).second) {
              problems.Add(at, "a second result of " + result.id);
            }
            report.results.push_back(std::move(result));
          });
  if (problems.any()) return problems.error();
  report.document = std::move(document);
  return report;
}

Result<ReportFile> ReadReport(const std::string& path) {
  JsonProblems problems(path);
  const std::optional<std::string> text = config::ReadFile(path, problems);
  if (!text) return problems.error();
  return ParseReport(*text, path);
}

}  // namespace keywalk::conformance
