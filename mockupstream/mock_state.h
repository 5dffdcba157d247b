// What requests and admin pages of one server share.
#ifndef KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_
#define KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_

#include <chrono>
#include <cstdint>
#include <utility>

#include "mockupstream/journal_store.h"
#include "mockupstream/lane_table.h"
#include "mockupstream/metrics.h"

namespace keywalk::mock {

// Safe for concurrent use, as its parts are.
struct MockState {
  MockState(Script script, JournalLimits limits) : lanes(std::move(script)), journal(limits) {}

  std::int64_t now_ms() const {
    const auto since = std::chrono::steady_clock::now() - started;
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  }

  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  LaneTable lanes;
  JournalStore journal;
  Metrics metrics;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_
