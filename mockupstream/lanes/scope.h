// Scopes: tests that run at the same time share one server, each with lanes and a clock of its own.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_SCOPE_H_
#define KEYWALK_MOCKUPSTREAM_LANES_SCOPE_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "keywalk/mutex.h"
#include "keywalk/secret.h"
#include "mockupstream/lanes/lane_table.h"
#include "mockupstream/lanes/mock_clock.h"

namespace keywalk::mock {

// All methods are safe for concurrent use.
class Scope {
 public:
  Scope(std::string id, std::unique_ptr<LaneTable> lanes,
        std::chrono::steady_clock::time_point started)
      : clock(started), id_(std::move(id)), lanes_(std::move(lanes)) {}

  // Empty for the default scope: of requests and admin calls that name none.
  const std::string& id() const { return id_; }
  LaneTable& lanes() { return *lanes_; }
  const LaneTable& lanes() const { return *lanes_; }

  MockClock clock;

 private:
  const std::string id_;
  const std::unique_ptr<LaneTable> lanes_;
};

// All methods are safe for concurrent use; a scope that a request holds outlives its removal here.
class ScopeTable {
 public:
  ScopeTable(Script script, std::size_t max_scopes);

  Scope& default_scope() { return *default_scope_; }
  const Scope& default_scope() const { return *default_scope_; }
  std::size_t max_scopes() const { return max_scopes_; }

  // The scope of that name. On first use it is made from the lanes that the default scope has now,
  // each at its start; null if there are `max_scopes` already. REQUIRES: id empty or IsScopeId(id)
  std::shared_ptr<Scope> Use(std::string_view id);
  // Null if nobody has used it, or it was forgotten.
  std::shared_ptr<Scope> Find(std::string_view id) const;
  // The named ones, in the order of their names.
  std::vector<std::shared_ptr<Scope>> Named() const;
  // False if there is none of that name. The next use makes it anew.
  bool Forget(std::string_view id);
  void ForgetAll();

  // Of the keys of all scopes, for texts that may hold one.
  SecretMasker masker() const;

 private:
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const std::size_t max_scopes_;
  const std::shared_ptr<Scope> default_scope_;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<Scope>, std::less<>> named_ KEYWALK_GUARDED_BY(mutex_);
};

// True for 1 to 64 letters, digits, ".", "_" and "-".
bool IsScopeId(std::string_view id);
inline constexpr std::string_view kScopeIdRule =
    "a scope's name is 1 to 64 letters, digits, \".\", \"_\" and \"-\"";

// What a client is told that wants one more: the limit, and the way out.
std::string TooManyScopes(std::size_t max_scopes);

// Where a request is directed: `X-Keywalk-Scope: ID`, or a target of /__scope/ID/....
class ScopedTarget {
 public:
  // `target` outlives it, and so do the headers.
  ScopedTarget(std::string_view target, const Headers& headers);

  // Empty: the default scope.
  std::string_view scope() const { return scope_; }
  // Without the prefix: "/__scope/a/v1/models?x" is "/v1/models?x", "/__scope/a?x" is "/?x".
  std::string_view target() const { return rooted_.empty() ? target_ : rooted_; }
  // Not empty: what is wrong with the name, for a 400.
  std::string_view problem() const { return problem_; }

 private:
  std::string_view scope_;
  std::string_view target_;
  std::string rooted_;  // not empty: the target that had no path behind its prefix
  std::string_view problem_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_SCOPE_H_
