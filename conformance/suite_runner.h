// Runs a suite on an implementation: which cases apply, in which way, and what came of them.
#ifndef KEYWALK_CONFORMANCE_SUITE_RUNNER_H_
#define KEYWALK_CONFORMANCE_SUITE_RUNNER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conformance/adapter.h"
#include "conformance/case.h"
#include "conformance/fixture_loader.h"
#include "conformance/selection.h"
#include "conformance/verdict.h"

namespace keywalk::conformance {

struct RunOptions {
  // Names of the suite's policies; empty: those that the implementation declares.
  std::vector<std::string> policies;
  Selection selection;
  // The first policy only, and no decision case a second time over sockets.
  bool short_run = false;
  // False: only vectors, and what `decide` can show.
  bool sockets = true;
  // The implementation is the reference: it answers vectors too.
  bool is_reference = false;
  // How often each case runs, over sockets each time with a pool of its own.
  std::size_t repeat = 1;
  std::size_t jobs = 8;
  Milliseconds request_limit{30'000};
};

// The known-bad implementation whose failed cases are most like those of a run.
struct NearestMutant {
  MutantName name;
  std::size_t shared = 0;  // cases that fail with both
  std::size_t either = 0;  // cases that fail with at least one
  double similarity = 0;   // shared / either
};

struct RunReport {
  Identity identity;
  std::vector<std::string> policies;  // those that were run
  std::vector<CaseResult> results;    // in the order of the suite
  std::chrono::nanoseconds duration{};
  std::chrono::system_clock::time_point started_at;  // civil time, for people
  std::string command;       // this run's command line, without what only writes or prints
  std::string case_command;  // the same without policies and selection, for one case
  std::optional<NearestMutant> nearest;

  std::size_t Count(Verdict verdict) const;
  // True if the result repeats over sockets what `decide` has shown too.
  bool IsRepetition(const CaseResult& result) const;
};

// Told of each result as it comes, a repeated case once, never two at once. `total` is how many
// there will be.
using OnProgress = std::function<void(const CaseResult& result, std::size_t total)>;

// `identity` is the adapter's answer to hello.
RunReport RunSuite(const Suite& suite, Adapter& adapter, const Identity& identity,
                   const RunOptions& options, const OnProgress& on_progress);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_SUITE_RUNNER_H_
