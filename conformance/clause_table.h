// `keywalk-conform clauses`: every clause of the specification with the cases that prove it.
#ifndef KEYWALK_CONFORMANCE_CLAUSE_TABLE_H_
#define KEYWALK_CONFORMANCE_CLAUSE_TABLE_H_

#include <string>
#include <vector>

#include "conformance/fixture_loader.h"

namespace keywalk::conformance {

struct ClauseTable {
  std::string text;                   // a table for people, or a JSON document
  std::vector<std::string> unproven;  // clauses that cases can show, and none does
};

ClauseTable FormatClauses(const Suite& suite, bool as_json);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CLAUSE_TABLE_H_
