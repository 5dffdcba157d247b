#include "mockupstream/admin/metrics.h"

namespace keywalk::mock {
namespace {

// A label value: backslash, double quote and line feed escaped.
std::string Escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

std::string Head(std::string_view name, std::string_view type, std::string_view help) {
  std::string text = "# HELP ";
  text.append(name).append(" ").append(help).append("\n# TYPE ");
  return text.append(name).append(" ").append(type).append("\n");
}

std::string Sample(std::string_view name, std::string_view type, std::string_view help,
                   std::uint64_t value) {
  return Head(name, type, help).append(name).append(" ") + std::to_string(value) + "\n";
}

}  // namespace

void Metrics::Count(const JournalEntry& entry) {
  const MutexLock lock(mutex_);
  auto lane = requests_.find(entry.lane);
  if (lane == requests_.end()) lane = requests_.try_emplace(entry.lane).first;
  ++lane->second[entry.status];
  body_bytes_ += entry.body_bytes;
  if (entry.fault == FaultState::kFired) ++faults_fired_;
  if (entry.fault == FaultState::kNotReached) ++faults_not_reached_;
}

void Metrics::CountAcceptFault() {
  const MutexLock lock(mutex_);
  ++faults_fired_;
}

std::string Metrics::Text(Gauges gauges) const {
  const MutexLock lock(mutex_);
  constexpr std::string_view kRequests = "keywalk_mock_requests_total";
  std::string text =
      Head(kRequests, "counter", "Requests by lane and answered status (0: none was answered).");
  for (const auto& [lane, statuses] : requests_) {
    for (const auto& [status, count] : statuses) {
      text.append(kRequests).append("{lane=\"").append(Escaped(lane)).append("\",status=\"");
      text += std::to_string(status) + "\"} " + std::to_string(count) + "\n";
    }
  }
  constexpr std::string_view kFaults = "keywalk_mock_faults_total";
  text += Head(kFaults, "counter", "Scripted faults by how they ended.");
  text.append(kFaults) += "{state=\"fired\"} " + std::to_string(faults_fired_) + "\n";
  text.append(kFaults) += "{state=\"not_reached\"} " + std::to_string(faults_not_reached_) + "\n";
  text += Sample("keywalk_mock_request_body_bytes_total", "counter",
                 "Bytes of request bodies received.", body_bytes_);
  text +=
      Sample("keywalk_mock_journal_dropped_total", "counter",
             "Journal entries dropped because of the journal's bounds.", gauges.journal_dropped);
  text += Sample("keywalk_mock_open_connections", "gauge", "Client connections now open.",
                 gauges.open_connections);
  return text;
}

}  // namespace keywalk::mock
