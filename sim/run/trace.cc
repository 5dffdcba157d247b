#include "sim/run/trace.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace keywalk::sim {
namespace {

using nlohmann::ordered_json;

std::uint64_t Nanoseconds(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

// Several small values as one word.
constexpr std::uint64_t Packed(std::uint64_t tag, std::uint64_t high, std::uint64_t low) {
  return tag << 60 | high << 32 | low;
}

std::string_view EventName(AttemptEnded::How how) {
  static constexpr std::array<std::string_view, 4> kNames{"response", "reset", "timeout",
                                                          "abandoned"};
  return kNames[static_cast<std::size_t>(how)];
}

}  // namespace

std::string TraceHash::text() const {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value()));
  return text.data();
}

void TraceHash::Add(std::uint64_t value) noexcept {
  // One multiplication a word: each step is a bijection of the state, so that runs which differ in
  // one word stay different; text() mixes the whole once.
  hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15u;
  hash_ ^= hash_ >> 32;
}

void TraceHash::OnRequest(const SimRequest& request) {
  ++events_;
  Add(Nanoseconds(request.sent_at));
  Add(Packed(1, request.replica, request.retry));
  Add(request.call ^ request.body_digest);
}

void TraceHash::OnAttemptSent(const AttemptSent& attempt) {
  ++events_;
  Add(Nanoseconds(attempt.at));
  Add(Packed(2, attempt.number, attempt.key) ^ attempt.request << 8);
  Add(attempt.body_digest);
}

void TraceHash::OnAttemptEnded(const AttemptEnded& attempt) {
  ++events_;
  Add(Nanoseconds(attempt.at));
  Add(Packed(3, static_cast<std::uint64_t>(attempt.how) << 16 | attempt.number,
             static_cast<std::uint64_t>(attempt.status)) ^
      attempt.request << 8);
  if (!attempt.mark) return;
  Add(static_cast<std::uint64_t>(attempt.mark->classification.cooldown.count()));
  Add(Packed(4, static_cast<std::uint64_t>(attempt.mark->classification.action),
             attempt.mark->transition ? 1 : 0));
}

void TraceHash::OnAnswered(const Answered& answer) {
  ++events_;
  Add(Nanoseconds(answer.at));
  Add(Packed(5, static_cast<std::uint64_t>(answer.outcome) << 16 | answer.attempts,
             static_cast<std::uint64_t>(answer.status)) ^
      answer.request->id << 8);
}

void TraceHash::OnRestart(Instant at, std::uint32_t replica) {
  ++events_;
  Add(Nanoseconds(at));
  Add(Packed(6, replica, 0));
}

void TraceLines::OnRequest(const SimRequest& request) {
  const ordered_json line = {{"at_ns", Nanoseconds(request.sent_at)},
                             {"event", "request"},
                             {"request", request.id},
                             {"call", request.call},
                             {"retry", request.retry},
                             {"client", world_.clients[request.group].name},
                             {"replica", request.replica}};
  write_(line.dump());
}

void TraceLines::OnAttemptSent(const AttemptSent& attempt) {
  const ordered_json line = {{"at_ns", Nanoseconds(attempt.at)},
                             {"event", "attempt"},
                             {"request", attempt.request},
                             {"attempt", attempt.number},
                             {"key", world_.keys[attempt.key].name}};
  write_(line.dump());
}

void TraceLines::OnAttemptEnded(const AttemptEnded& attempt) {
  ordered_json line = {{"at_ns", Nanoseconds(attempt.at)},
                       {"event", EventName(attempt.how)},
                       {"request", attempt.request},
                       {"attempt", attempt.number},
                       {"key", world_.keys[attempt.key].name}};
  if (attempt.how == AttemptEnded::How::kResponse) line["status"] = attempt.status;
  if (attempt.mark) {
    line["mark"] = ToString(attempt.mark->classification.action);
    line["cooldown_ns"] = attempt.mark->classification.cooldown.count();
    line["transition"] = attempt.mark->transition;
  }
  write_(line.dump());
}

void TraceLines::OnAnswered(const Answered& answer) {
  const ordered_json line = {
      {"at_ns", Nanoseconds(answer.at)}, {"event", "answer"},
      {"request", answer.request->id},   {"outcome", ToString(answer.outcome)},
      {"status", answer.status},         {"attempts", answer.attempts}};
  write_(line.dump());
}

void TraceLines::OnRestart(Instant at, std::uint32_t replica) {
  const ordered_json line = {
      {"at_ns", Nanoseconds(at)}, {"event", "restart"}, {"replica", replica}};
  write_(line.dump());
}

}  // namespace keywalk::sim
