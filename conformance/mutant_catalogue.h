// The known-bad implementations of tests/conformance/mutants, as fixtures/mutants.json has recorded
// them: a failure that looks like one of them has a name.
#ifndef KEYWALK_CONFORMANCE_MUTANT_CATALOGUE_H_
#define KEYWALK_CONFORMANCE_MUTANT_CATALOGUE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "conformance/suite_runner.h"
#include "conformance/verdict.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// Key aliases by request.
using AttemptsByRequest = std::map<std::string, std::vector<std::string>>;

struct Mutant {
  MutantName name;
  std::set<std::string> kills;                        // ids of the cases that it fails
  std::map<std::string, AttemptsByRequest> attempts;  // what it does, by case id
};

// Reads the file strictly; none if there is no such file. Errors name file, JSON pointer, reason.
Result<std::vector<Mutant>> LoadMutants(const std::string& path);

// Fills in, for each result with wrong attempts, the first mutant that makes the same ones; and for
// the whole report the mutant whose failed cases are most like this run's, if that is close enough.
void NameMutants(const std::vector<Mutant>& mutants, RunReport& report);

// Cases that fail here and with the mutant, as a part of those that fail with either: from here on
// a mutant is named.
inline constexpr double kNearEnough = 0.5;

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_MUTANT_CATALOGUE_H_
