// What an implementation writes down of a case: its metrics page, its recordings.
#ifndef KEYWALK_CONFORMANCE_WIRE_RECORDS_H_
#define KEYWALK_CONFORMANCE_WIRE_RECORDS_H_

#include <vector>

#include "conformance/adapter.h"
#include "conformance/verdict.h"
#include "conformance/wire_pool.h"

namespace keywalk::conformance {

// Looks at what the case expects of the records until it is there, for some seconds at most, since
// an implementation may write after it has answered; adds what differs then. No record may show
// more of a key than its hint.
void CompareRecords(const WirePool& pool, const PoolEndpoint& endpoint,
                    std::vector<Mismatch>& mismatches);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_RECORDS_H_
