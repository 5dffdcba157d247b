// Runs a suite on an implementation: which cases apply, in which way, and what came of them.
#ifndef KEYWALK_CONFORMANCE_SUITE_RUNNER_H_
#define KEYWALK_CONFORMANCE_SUITE_RUNNER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "conformance/adapter.h"
#include "conformance/case.h"
#include "conformance/fixture_loader.h"
#include "conformance/verdict.h"

namespace keywalk::conformance {

struct RunOptions {
  // Names of the suite's policies; empty: those that the implementation declares.
  std::vector<std::string> policies;
  // A shell pattern that an id, `area/id` or a clause must match; empty: everything.
  std::string select;
  // The first policy only, and no decision case a second time over sockets.
  bool short_run = false;
  // The implementation is the reference: it answers vectors too.
  bool is_reference = false;
  std::size_t jobs = 4;
  Milliseconds request_limit{30'000};
};

struct RunReport {
  Identity identity;
  std::vector<std::string> policies;  // those that were run
  std::vector<CaseResult> results;    // in the order of the suite
  std::chrono::nanoseconds duration{};

  std::size_t Count(Verdict verdict) const;
  // True if the result repeats over sockets what `decide` has shown too.
  bool IsRepetition(const CaseResult& result) const;
};

// Told of each result as it comes, never two at once. `total` is how many there will be.
using OnProgress = std::function<void(const CaseResult& result, std::size_t total)>;

// `identity` is the adapter's answer to hello.
RunReport RunSuite(const Suite& suite, Adapter& adapter, const Identity& identity,
                   const RunOptions& options, const OnProgress& on_progress);

// True if the pattern selects it.
bool IsSelected(const std::string& pattern, const std::string& id, const std::string& area,
                const std::vector<std::string>& clauses);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_SUITE_RUNNER_H_
