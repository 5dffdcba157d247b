// Drives the failover step machine with real requests. Whether to go on is never decided here.
#include "keywalk/key_failover.h"

#include <cassert>
#include <string>
#include <utility>

#include "io/body_recording.h"
#include "io/prefixed_body.h"

namespace keywalk {
namespace {

using Kind = TransportError::Kind;

class KeyFailoverTransport final : public Transport {
 public:
  KeyFailoverTransport(std::shared_ptr<Transport> inner, KeyFailoverConfig config)
      : inner_(std::move(inner)), config_(std::move(config)) {
    assert(config_.clock && config_.is_byok && config_.inject_auth_key && config_.mark_key);
  }

  Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation& cancel) override {
    const bool byok = config_.is_byok(request.headers);
    Failover failover(byok ? nullptr : config_.pool.get(), config_.mark_key);
    Request attempt = WithoutBody(request);
    std::shared_ptr<io::BodyRecording> recording;  // null: the body can be sent as it is
    if (!byok && request.stream_body != nullptr) {
      recording = std::make_shared<io::BodyRecording>(request.stream_body, config_.max_body_bytes,
                                                      config_.body_memory);
      const bool streams = config_.body_mode == BodyMode::kStream;
      const bool ready = streams ? recording->TryBegin() : recording->TryFinish();
      if (!ready) {
        Awaitable<std::optional<TransportError>> reading =
            streams ? recording->Begin() : recording->Finish();
        co_await std::move(reading);
      }
      if (recording->failure()) co_return *recording->failure();
    } else {
      attempt.stream_body = request.stream_body;
      attempt.recorded_body = request.recorded_body;
    }
    Awaitable<RoundTripResult> walk = Drive(failover, request, attempt, recording.get(), cancel);
    RoundTripResult result = co_await std::move(walk);
    if (!byok && config_.observer != nullptr) config_.observer->OnWalkEnd(failover.attempts());
    if (result.ok()) {
      Describe(failover, *result);
      if (result->made_here) result->key_hint.clear();  // no key gave this answer
    } else {
      Describe(failover, result.error());
    }
    co_return std::move(result);
  }

 private:
  static Request WithoutBody(const Request& request) {
    // What is injected: a key of the longest kind that providers give out, and one field more.
    constexpr std::size_t kInjected = 2;
    constexpr std::size_t kInjectedBytes = 256;
    Request copy;
    copy.method = request.method;
    copy.target = request.target;
    copy.headers.Reserve(request.headers.size() + kInjected,
                         request.headers.text_bytes() + kInjectedBytes);
    return copy;
  }

  // Executes steps until the machine forwards, gives up, or abandons.
  Awaitable<RoundTripResult> Drive(Failover& failover, const Request& request, Request& attempt,
                                   io::BodyRecording* recording, Cancellation& cancel) {
    Step step = failover.Start(config_.clock->now());
    while (step.kind == Step::Kind::kAttempt) {
      attempt.headers = request.headers;  // a fresh copy: nothing of an earlier attempt remains
      if (step.key) {
        config_.inject_auth_key(attempt.headers, config_.pool->key(*step.key));
        if (config_.asks_for_plain_bodies) attempt.headers.Set("Accept-Encoding", "identity");
      }
      if (recording != nullptr) recording->Provide(attempt);
      RoundTripResult result = co_await inner_->RoundTrip(attempt, cancel);
      if (cancel.requested()) {
        failover.OnClientGone();
        co_return TransportError(Kind::kCancelled, asio::error::operation_aborted, "cancelled");
      }
      if (!result.ok()) {
        failover.OnTransportError();
        co_return std::move(result);
      }
      Response& response = *result;
      if (step.key && config_.needs_body && config_.needs_body(response.status)) {
        Awaitable<Step> decision = DecideByBody(failover, response, cancel);
        step = co_await std::move(decision);
      } else {
        step = Decide(failover, response, config_.clock->wall_now(), nullptr);
      }
      if (step.kind == Step::Kind::kForward) {
        if (recording != nullptr) recording->StopKeeping();
        co_return std::move(result);
      }
      if (step.kind == Step::Kind::kAbandon) break;
      const DiscardLimits limits = config_.discard;
      if (!response.body->TryDiscard(limits)) co_await response.body->Discard(limits);
      if (cancel.requested()) step = failover.OnClientGone();
    }
    if (step.kind == Step::Kind::kExhausted) {
      if (config_.observer != nullptr) config_.observer->OnExhausted(step.exhaustion);
      co_return AnswerExhausted(step.exhaustion, request.method == "HEAD");
    }
    co_return TransportError(Kind::kCancelled, asio::error::operation_aborted, "cancelled");
  }

  // `error` is the parsed body, where it was read.
  Step Decide(Failover& failover, const Response& response, WallTime received_at,
              const ErrorFacts* error) {
    ResponseFacts facts;
    facts.status = response.status;
    facts.headers = &response.headers;
    facts.received_at = received_at;
    facts.error = error;
    const Step step = failover.OnResponse(facts, config_.clock->now());
    if (const auto& mark = failover.last_mark(); mark && config_.observer != nullptr) {
      config_.observer->OnMark(*mark, response.status, config_.pool->hint(mark->key));
    }
    return step;
  }

  Awaitable<Step> DecideByBody(Failover& failover, Response& response, const Cancellation& cancel) {
    const WallTime received_at = config_.clock->wall_now();
    Awaitable<std::string> reading = io::PeekBody(response, config_.max_error_body_bytes);
    const std::string prefix = co_await std::move(reading);
    if (cancel.requested()) co_return failover.OnClientGone();  // and the prefix may be short
    const ErrorFacts error = ParseErrorBody(prefix);
    co_return Decide(failover, response, received_at, &error);
  }

  RoundTripResult AnswerExhausted(const Exhaustion& exhaustion, bool to_head_request) const {
    std::optional<ExhaustedAnswer> answer;
    if (config_.build_exhausted_response) answer = config_.build_exhausted_response(exhaustion);
    if (!answer) {
      answer.emplace();
      answer->status = 502;
      answer->headers.Add("Content-Type", "application/json");
      answer->body =
          R"({"error":"key pool exhausted: )" + std::string(ToString(exhaustion.kind)) + "\"}";
    }
    Response response;
    response.status = answer->status;
    response.headers = std::move(answer->headers);
    response.content_length = answer->body.size();
    response.made_here = true;
    response.body = io::MakeStringBody(to_head_request ? std::string() : std::move(answer->body));
    return response;
  }

  // `outcome` is a Response or a TransportError.
  template <typename Outcome>
  void Describe(const Failover& failover, Outcome& outcome) const {
    outcome.attempts = failover.attempts();
    if (const auto key = failover.current_key()) outcome.key_hint = config_.pool->hint(*key);
  }

  const std::shared_ptr<Transport> inner_;
  const KeyFailoverConfig config_;
};

}  // namespace

KeyFailoverConfig MakeKeyFailoverConfig(const Provider& provider, std::shared_ptr<KeyPool> pool,
                                        std::shared_ptr<const Policy> policy,
                                        std::shared_ptr<const Clock> clock) {
  KeyFailoverConfig config;
  if (!provider.has_failover() || pool == nullptr) return config;
  config.pool = std::move(pool);
  config.clock = std::move(clock);
  config.is_byok = [&provider](const Headers& headers) { return provider.IsByok(headers); };
  config.inject_auth_key = [&provider](Headers& headers, std::string_view key) {
    provider.InjectAuthKey(headers, key);
  };
  config.mark_key = [policy](const ResponseFacts& response) { return policy->Classify(response); };
  config.needs_body = [policy](int status) { return policy->NeedsBody(status); };
  config.asks_for_plain_bodies = policy->NeedsBodies();
  config.build_exhausted_response = [&provider, policy](const Exhaustion& exhaustion) {
    return provider.BuildExhaustedResponse(exhaustion, *policy);
  };
  return config;
}

std::shared_ptr<Transport> NewKeyFailoverTransport(std::shared_ptr<Transport> inner,
                                                   KeyFailoverConfig config) {
  if (config.pool == nullptr) return inner;
  return std::make_shared<KeyFailoverTransport>(std::move(inner), std::move(config));
}

}  // namespace keywalk
