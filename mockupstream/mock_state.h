// What requests and admin pages of one server share.
#ifndef KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_
#define KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_

#include <cstddef>
#include <utility>

#include "mockupstream/admin/metrics.h"
#include "mockupstream/journal/journal_store.h"
#include "mockupstream/lanes/connection_table.h"
#include "mockupstream/lanes/scope.h"

namespace keywalk::mock {

// Safe for concurrent use, as its parts are.
struct MockState {
  MockState(Script script, JournalLimits limits, std::size_t max_scopes)
      : connections(std::move(script.connections)),
        scopes(std::move(script), max_scopes),
        journal(limits) {}

  // Another script for the default scope: everything of it starts over.
  void Replace(Script script) {
    connections.Replace(std::move(script.connections));
    scopes.default_scope().lanes().Replace(std::move(script));
  }

  ConnectionTable connections;
  ScopeTable scopes;
  JournalStore journal;
  Metrics metrics;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MOCK_STATE_H_
