// Counters of the mock upstream as a Prometheus page.
#ifndef KEYWALK_MOCKUPSTREAM_ADMIN_METRICS_H_
#define KEYWALK_MOCKUPSTREAM_ADMIN_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "keywalk/mutex.h"
#include "mockupstream/journal/journal.h"

namespace keywalk::mock {

// What is looked up rather than counted.
struct Gauges {
  std::size_t open_connections = 0;
  std::uint64_t journal_dropped = 0;
};

// Safe for concurrent use. Label values are lane names, never keys.
class Metrics {
 public:
  // Counts a request that has ended.
  void Count(const JournalEntry& entry);
  // Counts the fault of a connection that was accepted.
  void CountAcceptFault();

  // The page, in Prometheus' text format 0.0.4.
  std::string Text(Gauges gauges) const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::map<int, std::uint64_t>, std::less<>> requests_
      KEYWALK_GUARDED_BY(mutex_);  // lane, status
  std::uint64_t faults_fired_ KEYWALK_GUARDED_BY(mutex_) = 0;
  std::uint64_t faults_not_reached_ KEYWALK_GUARDED_BY(mutex_) = 0;
  std::uint64_t body_bytes_ KEYWALK_GUARDED_BY(mutex_) = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ADMIN_METRICS_H_
