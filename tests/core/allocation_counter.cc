#include "tests/core/allocation_counter.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

namespace keywalk::testing {

std::size_t AllocationCount() noexcept { return allocations; }

}  // namespace keywalk::testing

// The array and nothrow forms of the library call this one; the aligned ones are not used here.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
