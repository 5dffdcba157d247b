// Loads a fixtures folder whole: cases, vectors, clauses, policies (fixtures/README.md).
#ifndef KEYWALK_CONFORMANCE_FIXTURE_LOADER_H_
#define KEYWALK_CONFORMANCE_FIXTURE_LOADER_H_

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/vector.h"
#include "keywalk/policy.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// One clause of the specification.
struct Clause {
  std::string id;
  std::string text;
  bool declared = false;   // only of an implementation that declares it
  std::string capability;  // of a declared one
  std::string structural;  // the C++ test that shows what no case can; empty: cases show it
};

// A policy, and its file as `decide` hands it on.
struct LoadedPolicy {
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const nlohmann::json> content;
  bool is_own = false;  // an implementation's, not one that fixtures state expectations for
  std::string file;     // of one given by --policy: where it stands; else empty
};

// Read-only once loaded; concurrent reads are safe.
struct Suite {
  std::string folder;
  std::vector<Case> cases;
  std::vector<Vector> vectors;
  std::vector<Clause> clauses;
  std::map<std::string, LoadedPolicy> policies;

  const Clause* FindClause(const std::string& id) const;
  const LoadedPolicy* FindPolicy(const std::string& name) const;
};

// Reads `folder`: clauses.json, and whatever there is in policies/, vectors/, decisions/ and
// scenarios/ (files in the order of their names). Refuses, with file, JSON pointer and reason:
// malformed files, unknown keys, ids given twice, unknown clauses, policies and capabilities, and a
// folder without a single case.
Result<Suite> LoadSuite(const std::string& folder);

// One more policy from a file, under the name it gives itself.
Result<LoadedPolicy> LoadPolicyWithContent(const std::string& path);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_FIXTURE_LOADER_H_
