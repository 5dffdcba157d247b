#include "conformance/clause_table.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

namespace keywalk::conformance {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kListColumn = 32;

// The cases and vectors by the clause that they name, in the order of the suite.
std::map<std::string, std::vector<std::string>> CasesByClause(const Suite& suite) {
  std::map<std::string, std::vector<std::string>> cases;
  for (const Vector& vector : suite.vectors) {
    for (const std::string& clause : vector.clauses) {
      cases[clause].push_back(vector.function + "/" + vector.id);
    }
  }
  for (const Case& test_case : suite.cases) {
    for (const std::string& clause : test_case.clauses) cases[clause].push_back(test_case.id);
  }
  return cases;
}

std::string Kind(const Clause& clause) {
  if (!clause.structural.empty()) return "structural";
  return clause.declared ? "declared" : "core";
}

void PadTo(std::string& line, std::size_t column) {
  line.resize(std::max(line.size() + 1, column), ' ');
}

void WriteClause(std::ostream& out, const Clause& clause, const std::vector<std::string>& cases) {
  std::string line = clause.id;
  PadTo(line, 16);
  line += Kind(clause);
  PadTo(line, 27);
  line += cases.empty() ? "-" : std::to_string(cases.size());
  PadTo(line, kListColumn);
  std::vector<std::string> words = cases;
  if (!clause.structural.empty()) words.insert(words.begin(), clause.structural);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i] + (i + 1 < words.size() ? "," : "");
    if (line.size() > kListColumn && line.size() + 1 + word.size() > kColumns) {
      out << line << "\n";
      line.assign(kListColumn, ' ');
    }
    if (line.size() > kListColumn) line += ' ';
    line += word;
  }
  out << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
}

nlohmann::ordered_json ToJson(const Clause& clause, const std::vector<std::string>& cases) {
  nlohmann::ordered_json object = {
      {"id", clause.id}, {"level", clause.declared ? "declared" : "core"}, {"text", clause.text}};
  if (clause.declared) object["capability"] = clause.capability;
  if (!clause.structural.empty()) object["structural"] = clause.structural;
  object["cases"] = cases;
  return object;
}

}  // namespace

ClauseTable FormatClauses(const Suite& suite, bool as_json) {
  const auto by_clause = CasesByClause(suite);
  nlohmann::ordered_json document = {{"schema_version", "1.0"},
                                     {"clauses", nlohmann::ordered_json::array()}};
  std::ostringstream out;
  ClauseTable table;
  for (const Clause& clause : suite.clauses) {
    const auto found = by_clause.find(clause.id);
    const std::vector<std::string> cases =
        found == by_clause.end() ? std::vector<std::string>() : found->second;
    if (cases.empty() && clause.structural.empty()) table.unproven.push_back(clause.id);
    if (as_json) {
      document["clauses"].push_back(ToJson(clause, cases));
    } else {
      WriteClause(out, clause, cases);
    }
  }
  table.text = as_json ? document.dump(1) + "\n" : out.str();
  return table;
}

}  // namespace keywalk::conformance
