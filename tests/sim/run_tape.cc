#include "tests/sim/run_tape.h"

#include <string>

namespace keywalk::sim {
namespace {

Instant AtMs(std::int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }

}  // namespace

World QuietWorld(std::size_t keys, mock::Milliseconds duration) {
  World world;
  world.name = "quiet";
  world.duration = duration;
  ClientGroup clients;
  clients.name = "app";
  world.clients.push_back(clients);
  for (std::size_t i = 0; i < keys; ++i) {
    KeySpec key;
    key.name = "k" + std::to_string(i);
    world.keys.push_back(key);
  }
  return world;
}

RequestId RunTape::Begin(std::int64_t at_ms, SimRequest request) {
  request.id = next_++;
  request.sent_at = AtMs(at_ms);
  Under& under = under_way_[request.id];
  under.request = request;
  observer_.OnRequest(under.request);
  return request.id;
}

RequestId RunTape::Request(std::int64_t at_ms, std::uint32_t replica) {
  SimRequest request;
  request.call = next_;
  request.replica = replica;
  request.call_at = AtMs(at_ms);
  return Begin(at_ms, request);
}

RequestId RunTape::Retry(std::int64_t at_ms, RequestId earlier) {
  SimRequest request = under_way_.at(earlier).request;
  ++request.retry;
  return Begin(at_ms, request);
}

void RunTape::Send(std::int64_t at_ms, RequestId request, KeyIndex key) {
  Under& under = under_way_.at(request);
  under.last = {.at = AtMs(at_ms),
                .request = request,
                .number = under.attempts++,
                .replica = under.request.replica,
                .key = key,
                .body_digest = 0};
  observer_.OnAttemptSent(under.last);
}

void RunTape::End(std::int64_t at_ms, RequestId request, int status,
                  std::optional<Classification> mark) {
  const Under& under = under_way_.at(request);
  AttemptEnded ended;
  ended.at = AtMs(at_ms);
  ended.sent_at = under.last.at;
  ended.request = request;
  ended.number = under.last.number;
  ended.replica = under.last.replica;
  ended.key = under.last.key;
  ended.status = status;
  if (mark) {
    ended.verdict = *mark;
    ended.mark = Mark{under.last.key, *mark, true};
  }
  observer_.OnAttemptEnded(ended);
}

void RunTape::Break(std::int64_t at_ms, RequestId request, AttemptEnded::How how) {
  const Under& under = under_way_.at(request);
  AttemptEnded ended;
  ended.at = AtMs(at_ms);
  ended.sent_at = under.last.at;
  ended.request = request;
  ended.replica = under.last.replica;
  ended.key = under.last.key;
  ended.how = how;
  observer_.OnAttemptEnded(ended);
}

void RunTape::Answer(std::int64_t at_ms, RequestId request, Outcome outcome, bool call_ended) {
  const Under& under = under_way_.at(request);
  Answered answer;
  answer.at = AtMs(at_ms);
  answer.request = &under.request;
  answer.outcome = outcome;
  answer.attempts = under.attempts;
  answer.forwarded = outcome == Outcome::kSuccess || outcome == Outcome::kUpstreamError;
  answer.call_ended = call_ended;
  observer_.OnAnswered(answer);
}

void RunTape::Restart(std::int64_t at_ms, std::uint32_t replica) {
  observer_.OnRestart(AtMs(at_ms), replica);
}

void RunTape::Finish(std::int64_t at_ms) { observer_.OnEnd(AtMs(at_ms)); }

void RunTape::Serve(std::int64_t at_ms, KeyIndex key, std::int64_t takes_ms) {
  const RequestId request = Request(at_ms);
  Send(at_ms, request, key);
  End(at_ms + takes_ms, request, 200);
  Answer(at_ms + takes_ms, request, Outcome::kSuccess);
}

void RunTape::Refuse(std::int64_t at_ms, KeyIndex key, int status,
                     std::optional<Classification> mark, Outcome outcome, std::int64_t takes_ms) {
  const RequestId request = Request(at_ms);
  Send(at_ms, request, key);
  End(at_ms + takes_ms, request, status, mark);
  Answer(at_ms + takes_ms, request, outcome);
}

Classification Cools(std::chrono::milliseconds cooldown) {
  Classification verdict;
  verdict.action = Action::kTemporary;
  verdict.cooldown = cooldown;
  return verdict;
}

Classification OutForGood() {
  Classification verdict;
  verdict.action = Action::kPermanent;
  verdict.reason = MarkReason::kUnauthorized;
  return verdict;
}

}  // namespace keywalk::sim
