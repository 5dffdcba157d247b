// What requests and admin pages of one server share.
#ifndef KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_
#define KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_

#include <cstddef>
#include <utility>

#include "mockupstream/journal_store.h"
#include "mockupstream/metrics.h"
#include "mockupstream/scope.h"

namespace keywalk::mock {

// Safe for concurrent use, as its parts are.
struct MockState {
  MockState(Script script, JournalLimits limits, std::size_t max_scopes)
      : scopes(std::move(script), max_scopes), journal(limits) {}

  ScopeTable scopes;
  JournalStore journal;
  Metrics metrics;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_
