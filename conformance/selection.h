// Which cases of a suite a run takes: `--select` and `--shard`.
#ifndef KEYWALK_CONFORMANCE_SELECTION_H_
#define KEYWALK_CONFORMANCE_SELECTION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/result.h"

namespace keywalk::conformance {

// One part of a suite that several runs share.
struct Shard {
  std::uint32_t number = 1;  // from 1
  std::uint32_t count = 1;
};

// Reads `I/N` with 1 <= I <= N <= 1000.
Result<Shard> ParseShard(std::string_view text);

struct Selection {
  // Shell patterns, of which one must match an id, `area/id` or a clause; none: everything.
  std::vector<std::string> patterns;
  Shard shard;

  // A case stays in its shard as long as it keeps its id.
  bool Takes(const std::string& id, const std::string& area,
             const std::vector<std::string>& clauses) const;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_SELECTION_H_
