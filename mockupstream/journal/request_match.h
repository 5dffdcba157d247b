// How a journaled request compares with an expected one, field by field.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_REQUEST_MATCH_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_REQUEST_MATCH_H_

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "mockupstream/journal/journal.h"
#include "mockupstream/journal/verify.h"

namespace keywalk::mock {

// Hides keys in a text.
using TextMask = std::function<std::string(std::string_view)>;

// An entry whose body is parsed at the first demand, once. The entry outlives it. Not safe for
// concurrent use.
class ComparedEntry {
 public:
  explicit ComparedEntry(const JournalEntry& entry);
  ~ComparedEntry();
  ComparedEntry(ComparedEntry&&) noexcept;

  const JournalEntry& entry() const { return *entry_; }
  // Empty if it is as expected. What differs is said only with a mask: every text goes through it,
  // those within JSON before they are written as such, and is cut after that.
  std::vector<Difference> Compare(const ExpectedRequest& expected,
                                  const TextMask& mask = nullptr) const;

 private:
  void CompareJson(const nlohmann::json& expected, const TextMask& mask,
                   std::vector<Difference>& differences) const;

  const JournalEntry* entry_;
  mutable std::unique_ptr<nlohmann::json> body_;  // discarded: the body is no JSON
};

// "k1", or without a lane "POST /v1/a", or "a request".
std::string Describe(const ExpectedRequest& expected);
// "#3, k1"
std::string Describe(const JournalEntry& entry);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_REQUEST_MATCH_H_
