#include "sim/report/run_result.h"

#include <algorithm>

namespace keywalk::sim {

void Recovery::Add(Duration duration) {
  ++count;
  sum += duration;
  longest = std::max(longest, duration);
}

void Herds::Add(std::uint64_t size) {
  ++count;
  attempts += size;
  largest = std::max(largest, size);
}

}  // namespace keywalk::sim
