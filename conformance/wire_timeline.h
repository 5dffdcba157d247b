// Puts together what the client, the mock upstream and the clock did in one case over sockets.
//
// Used by one thread.
#ifndef KEYWALK_CONFORMANCE_WIRE_TIMELINE_H_
#define KEYWALK_CONFORMANCE_WIRE_TIMELINE_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conformance/case.h"
#include "conformance/timeline.h"
#include "conformance/wire_client.h"
#include "conformance/wire_pool.h"
#include "mockupstream/journal/journal.h"

namespace keywalk::conformance {

class WireTimeline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Begins now. `mock_started` is the moment that the journal counts from, to the millisecond.
  explicit WireTimeline(TimePoint mock_started);

  // A request, and what came of it.
  void AddExchange(const CaseRequest& request, const WireExchange& exchange);
  // The attempt with this number in the journal is one of that request.
  void Attribute(std::uint64_t sequence, const std::string& request);
  // The implementation's clock was moved, or real time was waited for.
  void AddAdvance(Milliseconds step, bool by_command);

  // Everything in order of time, with the journal's entries that are this pool's.
  Timeline Finish(const std::vector<mock::JournalEntry>& journal, const WirePool& pool);

 private:
  double SinceStart(TimePoint time) const;
  void AddAttempt(const mock::JournalEntry& entry, const WirePool& pool);

  const TimePoint start_;
  const TimePoint mock_started_;
  Timeline events_;
  std::map<std::string, double> sent_at_;            // ms since the start, by request
  std::map<std::uint64_t, std::string> request_of_;  // by the attempt's number in the journal
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_TIMELINE_H_
