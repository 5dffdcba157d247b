// Verification of a running server's journal.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_VERIFY_STATE_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_VERIFY_STATE_H_

#include "mockupstream/journal/verify.h"
#include "mockupstream/mock_state.h"

namespace keywalk::mock {

// Compares what the journal holds now (a copy of it), and for `all_faults_fired` also what the
// lanes of the expected scope (as they start, if nobody has used it), or else the default one, have
// still to serve, and without a scope the faults of connections. Fails where the journal has
// dropped some of these requests. Safe for concurrent use.
VerifyResult VerifyState(const MockState& state, const Expectation& expectation);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_VERIFY_STATE_H_
