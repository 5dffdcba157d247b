#include "conformance/wire_timeline.h"

#include <algorithm>
#include <utility>

namespace keywalk::conformance {

WireTimeline::WireTimeline(TimePoint mock_started)
    : start_(std::chrono::steady_clock::now()), mock_started_(mock_started) {}

double WireTimeline::SinceStart(TimePoint time) const {
  return std::chrono::duration<double, std::milli>(time - start_).count();
}

void WireTimeline::AddExchange(const CaseRequest& request, const WireExchange& exchange) {
  TimelineEvent event;
  event.at_ms = SinceStart(exchange.started);
  event.request = request.id;
  event.event = "request sent";
  event.key = request.byok;
  event.detail = request.method + " " + request.path;
  sent_at_[request.id] = event.at_ms;
  events_.push_back(std::move(event));

  TimelineEvent end;
  end.at_ms = SinceStart(exchange.started + exchange.duration);
  end.request = request.id;
  end.event = exchange.answered ? "response" : "no response";
  if (exchange.answered) end.status = exchange.response.status;
  end.detail = exchange.error;
  events_.push_back(std::move(end));
}

void WireTimeline::Attribute(std::uint64_t sequence, const std::string& request) {
  request_of_[sequence] = request;
}

void WireTimeline::AddAdvance(Milliseconds step, bool by_command) {
  TimelineEvent event;
  event.at_ms = SinceStart(std::chrono::steady_clock::now());
  event.actor = Actor::kClock;
  event.event = "advanced";
  event.detail = "by " + std::to_string(step.count()) + " ms" + (by_command ? "" : " of real time");
  events_.push_back(std::move(event));
}

void WireTimeline::AddAttempt(const mock::JournalEntry& entry, const WirePool& pool) {
  TimelineEvent event;
  event.actor = Actor::kUpstream;
  event.event = "attempt arrived";
  event.key = pool.AliasOf(entry.lane);
  if (const auto found = request_of_.find(entry.sequence); found != request_of_.end()) {
    event.request = found->second;
  }
  // The journal counts whole milliseconds: nothing arrives before it was sent.
  event.at_ms = SinceStart(mock_started_ + Milliseconds(entry.time_ms));
  if (const auto sent = sent_at_.find(event.request); sent != sent_at_.end()) {
    event.at_ms = std::max(event.at_ms, sent->second);
  }
  TimelineEvent end = event;
  events_.push_back(std::move(event));

  const bool fired = entry.fault == mock::FaultState::kFired;
  end.event = fired ? "fault fired" : entry.answered ? "answered" : "not answered";
  if (entry.status != 0) end.status = entry.status;
  if (!entry.step) end.detail = "past the lane's last step";
  if (entry.end_ms > entry.time_ms) {
    end.at_ms = std::max(end.at_ms, SinceStart(mock_started_ + Milliseconds(entry.end_ms)));
  }
  events_.push_back(std::move(end));
}

Timeline WireTimeline::Finish(const std::vector<mock::JournalEntry>& journal,
                              const WirePool& pool) {
  const std::string ours = pool.upstream_path() + "/";
  for (const mock::JournalEntry& entry : journal) {
    if (entry.target.starts_with(ours) && WirePool::IsAttempt(entry)) AddAttempt(entry, pool);
  }
  // Of one moment: what was sent first, then the upstream in the order of its journal, then what
  // was received.
  const auto rank = [](const TimelineEvent& event) {
    if (event.actor == Actor::kUpstream) return 1;
    return event.actor == Actor::kClient && event.event != "request sent" ? 2 : 0;
  };
  std::stable_sort(events_.begin(), events_.end(),
                   [&](const TimelineEvent& a, const TimelineEvent& b) {
                     return std::pair(a.at_ms, rank(a)) < std::pair(b.at_ms, rank(b));
                   });
  return std::move(events_);
}

}  // namespace keywalk::conformance
