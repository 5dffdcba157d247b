// Counts what is being served, however it ends.
#ifndef KEYWALK_MOCKUPSTREAM_ACTIVE_SCOPE_H_
#define KEYWALK_MOCKUPSTREAM_ACTIVE_SCOPE_H_

#include <cstddef>

namespace keywalk::mock {

// Adds one to `active`, which outlives it, for as long as it lives.
class ActiveScope {
 public:
  explicit ActiveScope(std::size_t& active) : active_(active) { ++active_; }
  ~ActiveScope() { --active_; }
  ActiveScope(const ActiveScope&) = delete;
  ActiveScope& operator=(const ActiveScope&) = delete;

 private:
  std::size_t& active_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ACTIVE_SCOPE_H_
