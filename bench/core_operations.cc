#include "bench/core_operations.h"

#include <iterator>

namespace keywalk::bench {

std::vector<NamedOperation> CoreOperations() {
  std::vector<NamedOperation> all = PoolOperations();
  for (auto make : {RetryAfterOperations, PolicyOperations, RequestOperations}) {
    std::vector<NamedOperation> more = make();
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  }
  return all;
}

}  // namespace keywalk::bench
