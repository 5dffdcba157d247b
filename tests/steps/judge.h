// What must hold of a run, whatever step of it failed.
#ifndef KEYWALK_TESTS_STEPS_JUDGE_H_
#define KEYWALK_TESTS_STEPS_JUDGE_H_

#include <string>

#include "tests/steps/world.h"

namespace keywalk::steps {

// Why the outcome is wrong, a line each; empty if it is right. `usual` is what the same setup comes
// to without a failure.
std::string Judge(const ProxySetup& setup, const Failure& failure, const Outcome& outcome,
                  const Outcome& usual);

// The outcome in a few lines.
std::string Describe(const Outcome& outcome);

}  // namespace keywalk::steps

#endif  // KEYWALK_TESTS_STEPS_JUDGE_H_
