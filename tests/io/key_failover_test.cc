// Goal: the transport does what the step machine says and nothing else: fresh copies, one reading
// of the body, drained refusals, no failover after a transport error, no mark without a verdict.
// Method: an inner transport that answers from a list and keeps what it was given. Which statuses
// fail over is not tested here: that stands in the fixtures.
#include "keywalk/key_failover.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/prefixed_body.h"
#include "keywalk/config.h"
#include "keywalk/secret.h"
#include "tests/io/io_runner.h"

namespace keywalk {
namespace {

using testing::IoRunner;
using testing::PiecesBody;
using testing::ReadAll;
using Kind = TransportError::Kind;

// One scripted answer: a status, or a failure.
struct Answer {
  int status = 200;
  Headers headers;
  std::string body;
  std::optional<Kind> failure;
  bool cancels = false;  // the client goes while this attempt is under way
};

// What the inner transport was given.
struct Attempt {
  std::string method;
  std::string target;
  Headers headers;
  std::string body;
  const RecordedBody* recorded = nullptr;
  bool streamed = false;
};

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(std::vector<Answer> answers) : answers_(std::move(answers)) {}

  Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation& cancel) override {
    Attempt attempt;
    attempt.method = request.method;
    attempt.target = request.target;
    attempt.headers = request.headers;
    attempt.recorded = request.recorded_body.get();
    attempt.streamed = request.stream_body != nullptr;
    if (request.recorded_body != nullptr) {
      for (std::size_t i = 0; i < request.recorded_body->chunk_count(); ++i) {
        attempt.body += request.recorded_body->chunk(i);
      }
    }
    if (attempt.streamed) attempt.body = co_await ReadAll(*request.stream_body);
    attempts.push_back(attempt);
    if (attempts.size() > answers_.size()) {
      co_return TransportError(Kind::kProtocol, {}, "one attempt more than scripted");
    }
    const Answer& answer = answers_[attempts.size() - 1];
    if (answer.cancels) cancel.Request();
    if (answer.failure) co_return TransportError(*answer.failure, {}, "scripted");
    Response response;
    response.status = answer.status;
    response.headers = answer.headers;
    response.body = io::MakeStringBody(answer.body);
    co_return std::move(response);
  }

  std::vector<Attempt> attempts;

 private:
  const std::vector<Answer> answers_;
};

class KeyFailoverTest : public ::testing::Test {
 protected:
  void UsePool(std::vector<std::string> keys, const char* policy = "coder-v1",
               const char* provider = "openai") {
    pool_ = *KeyPool::Create(std::move(keys));
    config_ = MakeKeyFailoverConfig(*FindProvider(provider), pool_,
                                    std::make_shared<const Policy>(*LoadPolicy(policy)), clock_);
  }

  void Answers(std::vector<Answer> answers) {
    inner_ = std::make_shared<ScriptedTransport>(std::move(answers));
  }

  // Runs one request; its outcome is in status_, body_, failure_.
  void Send(const Request& request) {
    const auto transport = NewKeyFailoverTransport(inner_, config_);
    io_.Run(Exchange(*transport, request));
  }

  std::vector<std::string> KeysTried() const {
    std::vector<std::string> tried;
    for (const Attempt& attempt : inner_->attempts) {
      tried.emplace_back(attempt.headers.Find("Authorization").value_or("none"));
    }
    return tried;
  }

  KeyState state(KeyIndex key) const { return pool_->state(key, clock_->now()); }

  IoRunner io_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::shared_ptr<KeyPool> pool_;
  std::shared_ptr<ScriptedTransport> inner_;
  KeyFailoverConfig config_;
  Response response_;
  std::string body_;
  std::optional<Kind> failure_;
  std::string failed_hint_;

 private:
  Awaitable<void> Exchange(Transport& transport, const Request& request) {
    Cancellation cancel;
    RoundTripResult result = co_await transport.RoundTrip(request, cancel);
    if (!result.ok()) {
      failure_ = result.error().kind;
      failed_hint_ = result.error().key_hint;
      co_return;
    }
    response_ = std::move(*result);
    body_ = co_await ReadAll(*response_.body);
  }
};

Request Post(std::vector<std::string> pieces) {
  Request request;
  request.method = "POST";
  request.target = "/v1/chat/completions?a=1";
  request.headers.Add("X-Client", "1");
  request.stream_body = std::make_shared<PiecesBody>(std::move(pieces));
  return request;
}

// SPEC transport/1, and the seed's own test.
TEST(NewKeyFailoverTransportTest, WithoutAPoolTheInnerTransportIsReturned) {
  const std::shared_ptr<Transport> inner =
      std::make_shared<ScriptedTransport>(std::vector<Answer>());
  EXPECT_EQ(NewKeyFailoverTransport(inner, KeyFailoverConfig()), inner);

  const auto clock = std::make_shared<ManualClock>();
  const auto policy = std::make_shared<const Policy>(*LoadPolicy("coder-v1"));
  const auto copilot =
      MakeKeyFailoverConfig(*FindProvider("copilot"), *KeyPool::Create({"k0"}), policy, clock);
  EXPECT_EQ(NewKeyFailoverTransport(inner, copilot), inner) << "copilot has an empty configuration";

  const auto openai =
      MakeKeyFailoverConfig(*FindProvider("openai"), *KeyPool::Create({"k0"}), policy, clock);
  EXPECT_NE(NewKeyFailoverTransport(inner, openai), inner);
}

TEST_F(KeyFailoverTest, EveryAttemptIsAFreshCopyWithTheSameBody) {
  UsePool({"key-zero", "key-one", "key-two"});
  Answers({{429, {{"X-Failed", "1"}}, "refused", {}}, {401, {}, "", {}}, {200, {}, "fine", {}}});
  const Request request = Post({"hello ", "world"});
  Send(request);
  EXPECT_EQ(KeysTried(),
            (std::vector<std::string>{"Bearer key-zero", "Bearer key-one", "Bearer key-two"}));
  for (const Attempt& attempt : inner_->attempts) {
    EXPECT_EQ(attempt.body, "hello world");
    EXPECT_EQ(attempt.recorded, inner_->attempts[0].recorded) << "one recording, not copies";
    EXPECT_EQ(attempt.target, "/v1/chat/completions?a=1");
    EXPECT_EQ(attempt.headers.size(), 2u) << "X-Client and one auth header";
  }
  EXPECT_EQ(body_, "fine");
  EXPECT_FALSE(response_.headers.Contains("X-Failed"));
  EXPECT_EQ(response_.attempts, 3u);
  EXPECT_EQ(response_.key_hint, MaskKey("key-two"));
  EXPECT_EQ(request.headers.size(), 1u) << "the caller's request is not changed";
  EXPECT_EQ(state(0), KeyState::kTemporary);
  EXPECT_EQ(state(1), KeyState::kPermanent);
}

TEST_F(KeyFailoverTest, ByokIsOneAttemptUnbufferedAndUnmarked) {
  UsePool({"key-zero"});
  Answers({{429, {}, "yours", {}}});
  Request request = Post({"mine"});
  request.headers.Add("Authorization", "Bearer own");
  Send(request);
  ASSERT_EQ(inner_->attempts.size(), 1u);
  EXPECT_TRUE(inner_->attempts[0].streamed) << "nothing is buffered";
  EXPECT_EQ(inner_->attempts[0].headers.Find("Authorization"), "Bearer own");
  EXPECT_EQ(response_.status, 429);
  EXPECT_EQ(response_.key_hint, "");
  EXPECT_EQ(state(0), KeyState::kValid);
}

TEST_F(KeyFailoverTest, ATransportErrorIsReturnedAsItIs) {
  UsePool({"key-zero", "key-one"});
  Answers({{0, {}, "", Kind::kReset}});
  Send(Post({"x"}));
  EXPECT_EQ(failure_, Kind::kReset);
  EXPECT_EQ(failed_hint_, MaskKey("key-zero")) << "the access record names the key";
  EXPECT_EQ(inner_->attempts.size(), 1u);
  EXPECT_EQ(state(0), KeyState::kValid);
}

TEST_F(KeyFailoverTest, ABodyThatCannotBeReadSpendsNoKey) {
  UsePool({"key-zero"});
  Answers({});
  Request request = Post({});
  request.stream_body = std::make_shared<PiecesBody>(std::vector<std::string>{"half"}, false, true);
  Send(request);
  EXPECT_EQ(failure_, Kind::kRequestBody);
  EXPECT_TRUE(inner_->attempts.empty());
}

TEST_F(KeyFailoverTest, ABodyOverTheLimitIsRefusedBeforeAnyAttempt) {
  UsePool({"key-zero"});
  config_.max_body_bytes = 8;
  Answers({});
  const auto stated = std::make_shared<PiecesBody>(std::vector<std::string>{"123456789"});
  Request request = Post({});
  request.stream_body = stated;
  Send(request);
  EXPECT_EQ(failure_, Kind::kBodyTooLarge);
  EXPECT_EQ(stated->reads(), 0u) << "a stated length is enough to refuse";
  failure_.reset();
  request.stream_body =
      std::make_shared<PiecesBody>(std::vector<std::string>{"12345", "6789"}, false);
  Send(request);
  EXPECT_EQ(failure_, Kind::kBodyTooLarge);
  EXPECT_TRUE(inner_->attempts.empty());
}

TEST_F(KeyFailoverTest, AClientThatGoesEndsTheWalkUnmarked) {
  UsePool({"key-zero", "key-one"});
  Answer refused{429, {}, "", {}};
  refused.cancels = true;
  Answers({refused});
  Send(Post({"x"}));
  EXPECT_EQ(failure_, Kind::kCancelled);
  EXPECT_EQ(inner_->attempts.size(), 1u);
  EXPECT_EQ(state(0), KeyState::kValid);
}

// A refusal whose body is still coming when the client goes.
class LeavingBody final : public ResponseBody {
 public:
  explicit LeavingBody(Cancellation& client) : client_(client) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Awaitable<BodyChunk> Read() override {
    client_.Request();
    co_return BodyChunk(TransportError(Kind::kCancelled, {}, "cancelled"));
  }
  void Cancel() override {}
  const Headers& trailers() const override { return none_; }
  void LimitTime(std::optional<std::chrono::milliseconds>) override {}
  Awaitable<void> Discard(DiscardLimits) override { co_return; }

 private:
  Cancellation& client_;
  const Headers none_;
};

class LeavingTransport final : public Transport {
 public:
  Awaitable<RoundTripResult> RoundTrip(const Request&, Cancellation& cancel) override {
    Response response;
    response.status = 429;
    response.body = std::make_unique<LeavingBody>(cancel);
    co_return std::move(response);
  }
};

TEST_F(KeyFailoverTest, AClientThatGoesWhileTheVerdictIsReadMarksNothing) {
  UsePool({"key-zero", "key-one"}, "every-clause");
  const auto transport = NewKeyFailoverTransport(std::make_shared<LeavingTransport>(), config_);
  std::optional<Kind> failure;
  io_.Run([](Transport& via, std::optional<Kind>& seen) -> Awaitable<void> {
    Cancellation cancel;
    const Request request;
    RoundTripResult result = co_await via.RoundTrip(request, cancel);
    if (!result.ok()) seen = result.error().kind;
  }(*transport, failure));
  EXPECT_EQ(failure, Kind::kCancelled);
  EXPECT_EQ(state(0), KeyState::kValid);
}

TEST_F(KeyFailoverTest, APolicyThatReadsBodiesAsksForPlainOnes) {
  Request request = Post({"x"});
  request.headers.Set("Accept-Encoding", "gzip");
  UsePool({"key-zero"}, "every-clause");
  Answers({{200, {}, "", {}}});
  Send(request);
  EXPECT_EQ(inner_->attempts[0].headers.Find("Accept-Encoding"), "identity");
  UsePool({"key-zero"}, "coder-v1");
  Answers({{200, {}, "", {}}});
  request.stream_body = std::make_shared<PiecesBody>(std::vector<std::string>{"x"});
  Send(request);
  EXPECT_EQ(inner_->attempts[0].headers.Find("Accept-Encoding"), "gzip");
}

TEST_F(KeyFailoverTest, WithoutABuilderExhaustionIs502) {
  UsePool({"key-zero"});
  config_.build_exhausted_response = nullptr;
  Answers({{401, {}, "", {}}});
  Send(Post({"x"}));
  EXPECT_EQ(response_.status, 502);
  EXPECT_EQ(body_.rfind(R"({"error":"key pool )", 0), 0u) << body_;
  EXPECT_TRUE(response_.made_here);
}

TEST_F(KeyFailoverTest, ABodyReadForTheVerdictIsStillForwardedWhole) {
  UsePool({"key-zero", "key-one"}, "every-clause");
  config_.max_error_body_bytes = 4;
  const std::string text = R"({"error":{"message":"a prompt too long"}})";
  Answers({{400, {}, text, {}}});
  Send(Post({"x"}));
  EXPECT_EQ(response_.status, 400);
  EXPECT_EQ(body_, text);
}

class CountingObserver final : public FailoverObserver {
 public:
  void OnMark(const Mark& mark, int status, std::string_view hint) override {
    log += "mark " + std::to_string(mark.key) + " " + std::to_string(status) + " " +
           std::string(hint) + (mark.transition ? " transition;" : ";");
  }
  void OnExhausted(const Exhaustion& exhaustion) override {
    log += "exhausted " + std::string(ToString(exhaustion.kind)) + ";";
  }
  void OnWalkEnd(std::size_t attempts) override { log += "end " + std::to_string(attempts) + ";"; }
  std::string log;
};

TEST_F(KeyFailoverTest, TheObserverSeesMarksExhaustionAndTheEnd) {
  UsePool({"key-zero", "key-one"});
  CountingObserver observer;
  config_.observer = &observer;
  Answers({{429, {}, "", {}}, {401, {}, "", {}}});
  Send(Post({"x"}));
  EXPECT_EQ(
      observer.log,
      "mark 0 429 k...o transition;mark 1 401 k...e transition;exhausted rate_limited;end 2;");
}

}  // namespace
}  // namespace keywalk
