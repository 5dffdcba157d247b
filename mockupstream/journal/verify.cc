#include "mockupstream/journal/verify.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "mockupstream/journal/entry_masker.h"
#include "mockupstream/journal/request_match.h"
#include "mockupstream/lanes/credential.h"

namespace keywalk::mock {
namespace {

// After so many failures, or names in a message, the rest says nothing new.
constexpr std::size_t kMaxFailures = 20;

using Entries = std::vector<ComparedEntry>;
using Requests = std::vector<ExpectedRequest>;

std::string Ordinal(std::size_t index) {
  constexpr std::string_view kNames[] = {"first", "second",  "third",  "fourth", "fifth",
                                         "sixth", "seventh", "eighth", "ninth",  "tenth"};
  if (index < std::size(kNames)) return std::string(kNames[index]);
  return "as number " + std::to_string(index + 1);
}

std::string CountText(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " request" : " requests");
}

bool Matches(const ExpectedRequest& expected, const ComparedEntry& entry) {
  return entry.Compare(expected).empty();
}

std::optional<std::size_t> FindMatch(const ExpectedRequest& expected, const Entries& entries,
                                     std::size_t from) {
  for (std::size_t i = from; i < entries.size(); ++i) {
    if (Matches(expected, entries[i])) return i;
  }
  return std::nullopt;
}

// Which entry each expected request is; every entry at most once. As many as can be: a request that
// two expectations match goes to the one that has no other (augmenting paths).
class Assignment {
 public:
  Assignment(const Requests& requests, const Entries& entries)
      : requests_(requests), entries_(entries), taken_by_(entries.size()), found_(requests.size()) {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      std::vector<bool> seen(entries_.size(), false);
      found_[i] = Find(i, seen);
    }
  }

  bool found(std::size_t request) const { return found_[request]; }
  bool taken(std::size_t entry) const { return taken_by_[entry].has_value(); }

 private:
  // Its depth is that of a chain of expectations: at most Expectation::kMaxRequests.
  bool Find(std::size_t request, std::vector<bool>& seen) {
    for (const bool free_only : {true, false}) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (seen[i] || taken(i) == free_only || !Matches(requests_[request], entries_[i])) continue;
        seen[i] = true;
        if (taken(i) && !Find(*taken_by_[i], seen)) continue;
        taken_by_[i] = request;
        return true;
      }
    }
    return false;
  }

  const Requests& requests_;
  const Entries& entries_;
  std::vector<std::optional<std::size_t>> taken_by_;
  std::vector<bool> found_;
};

// Says what is wrong, with keys masked.
class Diagnosis {
 public:
  Diagnosis(const Entries& entries, const SecretMasker& known, VerifyResult& result)
      : entries_(entries), known_(known), result_(result) {}

  void Add(VerifyFailure failure) {
    if (result_.failures.size() < kMaxFailures) result_.failures.push_back(std::move(failure));
  }
  void Add(const std::string& message, std::optional<std::uint64_t> entry = std::nullopt) {
    VerifyFailure failure;
    failure.message = known_.Mask(message);
    failure.nearest = entry;
    Add(std::move(failure));
  }

  // `where` is how the message goes on: "second". The nearest is one of `candidates`.
  void Missing(const ExpectedRequest& expected, std::size_t index, const std::string& where,
               const std::vector<std::size_t>& candidates) {
    VerifyFailure failure;
    failure.request = index;
    const SecretMasker own(AllCredentials(expected.headers, expected.path.value_or("")));
    failure.message = own.Mask("expected " + Describe(expected) + " " + where);
    const std::optional<std::size_t> nearest = Nearest(expected, candidates);
    if (!nearest) {
      failure.message += candidates.empty() && entries_.empty() ? "; no request came"
                                                                : "; no further request came";
      failure.message = known_.Mask(failure.message);
      return Add(std::move(failure));
    }
    const JournalEntry& entry = entries_[*nearest].entry();
    const EntryMasker masker(entry, known_);
    failure.nearest = entry.sequence;
    const TextMask mask = [&](std::string_view text) { return masker.Mask(own.Mask(text)); };
    failure.differences = entries_[*nearest].Compare(expected, mask);
    failure.message += "; the nearest request (" + Describe(entry) + ") ";
    failure.message += failure.differences.empty() ? "came " + Ordinal(*nearest) : "differs in ";
    std::string_view separator;
    for (const Difference& difference : failure.differences) {
      failure.message.append(separator).append(difference.field).append(": expected ");
      failure.message.append(difference.expected).append(", got ").append(difference.actual);
      separator = "; ";
    }
    failure.message = masker.Mask(failure.message);
    Add(std::move(failure));
  }

  void ShowBothSides(const Requests& requests) {
    for (const ExpectedRequest& request : requests) {
      const SecretMasker own(AllCredentials(request.headers, request.path.value_or("")));
      result_.expected.push_back(known_.Mask(own.Mask(Describe(request))));
    }
    for (const ComparedEntry& compared : entries_) {
      if (result_.actual.size() == Expectation::kMaxRequests) break;
      const JournalEntry& entry = compared.entry();
      result_.actual.push_back(EntryMasker(entry, known_).Mask(entry.lane));
    }
  }

 private:
  std::optional<std::size_t> Nearest(const ExpectedRequest& expected,
                                     const std::vector<std::size_t>& candidates) const {
    std::optional<std::size_t> nearest;
    std::pair<std::size_t, bool> least;
    for (const std::size_t i : candidates) {
      const bool other_lane = expected.lane && *expected.lane != entries_[i].entry().lane;
      const std::pair distance(entries_[i].Compare(expected).size(), other_lane);
      if (nearest && distance >= least) continue;
      nearest = i;
      least = distance;
    }
    return nearest;
  }

  const Entries& entries_;
  const SecretMasker& known_;
  VerifyResult& result_;
};

std::vector<std::size_t> AllFrom(std::size_t first, const Entries& entries) {
  std::vector<std::size_t> places;
  for (std::size_t i = first; i < entries.size(); ++i) places.push_back(i);
  return places;
}

void VerifyExact(const Requests& requests, const Entries& entries, Diagnosis& diagnosis) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i < entries.size() && Matches(requests[i], entries[i])) continue;
    return diagnosis.Missing(requests[i], i, Ordinal(i), AllFrom(i, entries));
  }
  if (entries.size() == requests.size()) return;
  const JournalEntry& extra = entries[requests.size()].entry();
  diagnosis.Add("expected " + CountText(requests.size()) + ", got " +
                    std::to_string(entries.size()) + "; the first unexpected one is " +
                    Describe(extra),
                extra.sequence);
}

void VerifySubsequence(const Requests& requests, const Entries& entries, Diagnosis& diagnosis) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::optional<std::size_t> found = FindMatch(requests[i], entries, next);
    if (!found) {
      const std::string where =
          next == 0 ? Ordinal(i) : "after " + Describe(entries[next - 1].entry());
      return diagnosis.Missing(requests[i], i, where, AllFrom(next, entries));
    }
    next = *found + 1;
  }
}

void VerifyAny(const Requests& requests, const Entries& entries, const Assignment& assignment,
               Diagnosis& diagnosis) {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!assignment.taken(i)) free.push_back(i);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (assignment.found(i)) continue;
    diagnosis.Missing(requests[i], i, "(requests/" + std::to_string(i) + ")", free);
  }
}

void VerifyRequests(const Expectation& expectation, const Entries& entries, Diagnosis& diagnosis,
                    VerifyResult& result) {
  const Requests& requests = *expectation.requests;
  std::optional<Assignment> assignment;
  switch (expectation.order) {
    case ExpectedOrder::kExact:
      VerifyExact(requests, entries, diagnosis);
      break;
    case ExpectedOrder::kSubsequence:
      VerifySubsequence(requests, entries, diagnosis);
      break;
    case ExpectedOrder::kAny:
      VerifyAny(requests, entries, assignment.emplace(requests, entries), diagnosis);
      break;
  }
  if (result.ok()) return;
  diagnosis.ShowBothSides(requests);
  if (!assignment) assignment.emplace(requests, entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!assignment->taken(i)) result.unexpected.push_back(entries[i].entry().sequence);
  }
}

std::string CountText(const ExpectedCount& count) {
  if (count.min == count.max) return CountText(count.min);
  if (count.max == ExpectedCount().max) return "at least " + CountText(count.min);
  return std::to_string(count.min) + " to " + CountText(count.max);
}

void VerifyCounts(const Expectation& expectation, const Entries& entries, Diagnosis& diagnosis) {
  for (const auto& [lane, expected] : expectation.counts) {
    const auto of_lane = [&lane = lane](const ComparedEntry& e) { return e.entry().lane == lane; };
    const auto count =
        static_cast<std::uint64_t>(std::count_if(entries.begin(), entries.end(), of_lane));
    if (count >= expected.min && count <= expected.max) continue;
    diagnosis.Add("expected " + CountText(expected) + " to " + (lane.empty() ? "no lane" : lane) +
                  ", got " + std::to_string(count));
  }
}

void VerifyFaults(const Entries& entries, const std::vector<UnservedFault>& unserved,
                  Diagnosis& diagnosis) {
  for (const ComparedEntry& compared : entries) {
    const JournalEntry& entry = compared.entry();
    if (entry.fault == FaultState::kNone || entry.fault == FaultState::kFired) continue;
    const std::string step = entry.step ? ", step " + std::to_string(*entry.step) : "";
    diagnosis.Add("expected every fault to fire; that of " + Describe(entry) + step + " is " +
                  std::string(ToString(entry.fault)));
  }
  for (const UnservedFault& fault : unserved) {
    const std::string route = fault.route ? " route " + *fault.route + "," : "";
    diagnosis.Add("expected every fault to fire; no request was given " + fault.lane + "'s" +
                  route + " script step " + std::to_string(fault.step));
  }
}

}  // namespace

Expectation ExpectSequence(const std::vector<std::string>& lanes) {
  Expectation expectation;
  expectation.requests.emplace();
  for (const std::string& lane : lanes) {
    ExpectedRequest request;
    request.lane = lane;
    expectation.requests->push_back(std::move(request));
  }
  return expectation;
}

std::string VerifyResult::message() const {
  std::string text;
  for (const VerifyFailure& failure : failures) {
    text += (text.empty() ? "" : "\n") + failure.message;
  }
  return text;
}

VerifyResult Verify(const Expectation& expectation, const std::vector<JournalEntry>& entries,
                    const std::vector<UnservedFault>& unserved, const SecretMasker& known_keys) {
  Entries compared;
  for (const JournalEntry& entry : entries) {
    const bool taken = entry.sequence >= expectation.from &&
                       (!expectation.scope || entry.scope == *expectation.scope);
    if (taken) compared.emplace_back(entry);
  }
  VerifyResult result;
  Diagnosis diagnosis(compared, known_keys, result);
  if (expectation.requests) VerifyRequests(expectation, compared, diagnosis, result);
  VerifyCounts(expectation, compared, diagnosis);
  if (expectation.all_faults_fired) VerifyFaults(compared, unserved, diagnosis);
  return result;
}

}  // namespace keywalk::mock
