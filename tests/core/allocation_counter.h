// Counts what the calling thread allocates with operator new, which allocation_counter.cc replaces
// in this binary. For tests of "allocates nothing".
#ifndef KEYWALK_TESTS_CORE_ALLOCATION_COUNTER_H_
#define KEYWALK_TESTS_CORE_ALLOCATION_COUNTER_H_

#include <cstddef>

namespace keywalk::testing {

// Allocations of the calling thread so far.
std::size_t AllocationCount() noexcept;

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_CORE_ALLOCATION_COUNTER_H_
