#include "conformance/decision_driver.h"

#include <cassert>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "conformance/key_alias.h"
#include "keywalk/failover.h"
#include "keywalk/key_pool.h"
#include "keywalk/provider.h"
#include "mockupstream/lanes/lane_table.h"

namespace keywalk::conformance {
namespace {

// The status an attempt past the end of its lane gets, as from the mock upstream.
constexpr int kLaneExhaustedStatus = 599;

// Ordered by time, then kind, then order: of answers the order in which their attempts began, of
// the others the order in the file.
struct Event {
  enum class Kind : std::uint8_t { kAnswer, kStart, kCheck };
  Duration at{};
  Kind kind = Kind::kStart;
  std::uint64_t order = 0;
  std::size_t index = 0;  // of the request or check

  bool operator>(const Event& other) const {
    return std::tie(at, kind, order) > std::tie(other.at, other.kind, other.order);
  }
};

struct RunningRequest {
  std::unique_ptr<Failover> failover;
  TracedRequest traced;
  const mock::ScriptStep* step = nullptr;  // what the current attempt gets; null past the end
  bool transport_error = false;            // the last attempt's end
};

class DecisionRun {
 public:
  DecisionRun(const Case& test_case, const Policy& policy, std::shared_ptr<KeyPool> pool)
      : case_(test_case),
        policy_(policy),
        provider_(*FindProvider(test_case.provider)),
        pool_(std::move(pool)),
        secrets_(AliasesAsSecrets(test_case)),
        mark_key_([&policy](const ResponseFacts& facts) { return policy.Classify(facts); }),
        running_(test_case.requests.size()) {}

  Trace Run() {
    Schedule();
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      switch (event.kind) {
        case Event::Kind::kAnswer:
          Proceed(event.index, Answer(event.index));
          break;
        case Event::Kind::kStart:
          Start(event.index);
          break;
        case Event::Kind::kCheck:
          Check(event.index);
          break;
      }
    }
    return std::move(trace_);
  }

 private:
  void Push(Duration at, Event::Kind kind, std::size_t index) {
    const std::uint64_t order = kind == Event::Kind::kAnswer ? next_answer_++ : index;
    events_.push(Event{at, kind, order, index});
  }

  void Schedule() {
    for (std::size_t i = 0; i < case_.requests.size(); ++i) {
      const std::optional<Milliseconds> at = case_.requests[i].at;
      if (at || i == 0) Push(at.value_or(Milliseconds(0)), Event::Kind::kStart, i);
    }
    for (std::size_t i = 0; i < case_.checks.size(); ++i) {
      Push(case_.checks[i].at, Event::Kind::kCheck, i);
    }
  }

  Instant Now() const { return Instant(now_); }

  void Start(std::size_t index) {
    const CaseRequest& request = case_.requests[index];
    Headers headers = request.headers;
    if (!request.byok.empty()) AddClientKey(headers, case_.provider, request.byok);
    const bool walks = pool_ && provider_.has_failover() && !provider_.IsByok(headers);
    RunningRequest& running = running_[index];
    running.traced.id = request.id;
    running.failover = std::make_unique<Failover>(walks ? pool_.get() : nullptr, mark_key_);
    Proceed(index, running.failover->Start(Now()));
  }

  // Follows the machine until it waits for an answer or is done.
  void Proceed(std::size_t index, Step step) {
    while (step.kind == Step::Kind::kAttempt) {
      const Duration delay = BeginAttempt(index, step);
      if (delay > Duration::zero()) {
        Push(now_ + delay, Event::Kind::kAnswer, index);
        return;
      }
      step = Answer(index);
    }
    Finish(index, step);
  }

  // Returns how long the upstream takes to answer.
  Duration BeginAttempt(std::size_t index, const Step& step) {
    RunningRequest& running = running_[index];
    const std::string alias =
        step.key ? case_.keys[*step.key] : ClientAlias(case_.requests[index], secrets_);
    running.traced.attempts.push_back(alias);
    running.step = NextStep(alias);
    return running.step == nullptr ? Duration::zero() : Duration(running.step->delay);
  }

  const mock::ScriptStep* NextStep(std::string_view alias) {
    const mock::Lane* lane = FindLane(case_, alias);
    if (lane == nullptr) return nullptr;
    return lanes_.try_emplace(lane->name, *lane).first->second.Take().step;
  }

  Step Answer(std::size_t index) {
    static const Headers kNoHeaders;
    RunningRequest& running = running_[index];
    const mock::ScriptStep* step = running.step;
    running.transport_error =
        step != nullptr && step->fault && step->fault->at == mock::Fault::At::kBeforeHead;
    if (running.transport_error) return running.failover->OnTransportError();
    ResponseFacts facts;
    facts.status = step == nullptr ? kLaneExhaustedStatus : step->status;
    facts.headers = step == nullptr ? &kNoHeaders : &step->headers;
    facts.received_at = kWallAtZero + now_;
    ErrorFacts error;
    if (step != nullptr && step->body && policy_.NeedsBody(facts.status)) {
      error = ParseErrorBody(*step->body);
      facts.error = &error;
    }
    running.traced.outcome.status = facts.status;
    return running.failover->OnResponse(facts, Now());
  }

  void Finish(std::size_t index, const Step& step) {
    RunningRequest& running = running_[index];
    Outcome& outcome = running.traced.outcome;
    if (step.kind == Step::Kind::kExhausted) {
      outcome.kind = Outcome::Kind::kExhausted;
      outcome.exhaustion = step.exhaustion;
      if (auto answer = provider_.BuildExhaustedResponse(step.exhaustion, policy_)) {
        ReceivedResponse& received = running.traced.answer.emplace();
        received.status = answer->status;
        received.headers = std::move(answer->headers);
        received.body = std::move(answer->body);
      }
    } else if (running.transport_error) {
      outcome.kind = Outcome::Kind::kTransportError;
    }
    trace_.requests.push_back(std::move(running.traced));
    const std::size_t next = index + 1;
    if (next < case_.requests.size() && !case_.requests[next].at) {
      Push(now_, Event::Kind::kStart, next);
    }
  }

  void Check(std::size_t index) {
    TracedCheck check;
    check.index = index;
    for (KeyIndex key = 0; pool_ && key < pool_->size(); ++key) {
      check.states.emplace_back(ToString(pool_->state(key, Now())));
    }
    trace_.checks.push_back(std::move(check));
  }

  const Case& case_;
  const Policy& policy_;
  const Provider& provider_;
  const std::shared_ptr<KeyPool> pool_;
  const Secrets secrets_;  // here the alias is the secret
  const MarkKey mark_key_;
  std::vector<RunningRequest> running_;
  std::map<std::string, mock::LaneState> lanes_;  // those asked so far
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t next_answer_ = 0;
  Duration now_{};
  Trace trace_;
};

}  // namespace

Result<Trace> RunDecision(const Case& test_case, const Policy& policy) {
  assert(test_case.kind != Case::Kind::kOperations);
  std::shared_ptr<KeyPool> pool;
  if (!test_case.keys.empty()) {
    auto created = KeyPool::Create(test_case.keys, policy.default_cooldown);
    if (!created) return created.error();
    pool = *created;
  }
  return DecisionRun(test_case, policy, std::move(pool)).Run();
}

}  // namespace keywalk::conformance
