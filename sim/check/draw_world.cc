#include "sim/check/draw_world.h"

#include <algorithm>
#include <boost/random/uniform_int_distribution.hpp>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "sim/engine/random.h"

namespace keywalk::sim {
namespace {

// After the last fault: the longest that retries, cooldowns and slow attempts may take.
constexpr Milliseconds kSettling{300'000};
// Further apart than any limit takes to be whole again.
constexpr Milliseconds kQuietGap{61'000};
constexpr std::int64_t kMostTokens = 200;  // of a request, input and output

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(EngineFor(seed, Stream::kWorld, 0)) {}

  std::int64_t Between(std::int64_t least, std::int64_t most) {
    return boost::random::uniform_int_distribution<std::int64_t>(least, most)(engine_);
  }
  bool OneIn(std::int64_t n) { return Between(1, n) == 1; }
  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[Between(0, static_cast<std::int64_t>(values.size()) - 1)];
  }

 private:
  RandomEngine engine_;
};

// Which of the features this world has.
struct Swarm {
  explicit Swarm(Draws& draws)
      : scripted(draws.OneIn(2)),
        limits(draws.OneIn(2)),
        organisation(draws.OneIn(4)),
        outages(draws.OneIn(2)),
        unauthorized(draws.OneIn(2)),
        revocation(draws.OneIn(3)),
        resets(draws.OneIn(3)),
        silence(draws.OneIn(4)),
        streams(draws.OneIn(2)),
        deadlines(draws.OneIn(4)),
        retries(draws.OneIn(2)),
        bursts(draws.OneIn(2)),
        skewed_hints(draws.OneIn(3)),
        replicas(draws.OneIn(3)),
        restarts(draws.OneIn(3)) {}

  bool scripted, limits, organisation, outages, unauthorized, revocation, resets, silence, streams,
      deadlines, retries, bursts, skewed_hints, replicas, restarts;
};

class WorldDraw {
 public:
  WorldDraw(std::uint64_t seed, std::string_view policy) : draws_(seed), swarm_(draws_) {
    drawn_.policy = policy.empty() ? std::string(DrawPolicy()) : std::string(policy);
    // Where a 401 is final, an outage of them is what no key comes back from.
    if (policy.empty() && drawn_.policy == "coder-v1") swarm_.unauthorized = false;
    drawn_.world.name = "seed " + std::to_string(seed);
    active_ = Milliseconds(draws_.Between(5, 180) * 1000);
  }

  DrawnWorld Draw() && {
    World& world = drawn_.world;
    world.provider = draws_.OneIn(2) ? "openai" : "anthropic";
    DrawGateways();
    DrawKeys();
    DrawNetwork();
    DrawClients();
    bool scripted = false;
    for (const KeySpec& key : world.keys) scripted = scripted || !key.answers.empty();
    const Milliseconds quiet = active_ + kSettling;
    if (!scripted) drawn_.quiet_from = Instant(quiet);
    return std::move(drawn_);
  }

 private:
  std::string_view DrawPolicy() {
    return draws_.OneOf<std::string_view>({"coder-v1", "coder-v2", "coder-v2", "every-clause"});
  }

  // Whole seconds or tenths more often than not: events then meet.
  Milliseconds ActiveTime() {
    const std::int64_t grain = draws_.OneOf<std::int64_t>({1, 10, 100, 1000});
    return Milliseconds(draws_.Between(0, active_.count() / grain - 1) * grain);
  }

  void DrawGateways() {
    GatewaySpec& gateways = drawn_.world.gateways;
    if (swarm_.replicas) {
      gateways.replicas = draws_.Between(2, 3);
      gateways.shared_key_state = draws_.OneIn(2);
    }
    if (swarm_.restarts) {
      const std::int64_t restarts = draws_.Between(1, 3);
      for (std::int64_t i = 0; i < restarts; ++i) {
        gateways.restarts.push_back({ActiveTime(), draws_.Between(0, gateways.replicas - 1)});
      }
    }
    gateways.head_timeout = Milliseconds(draws_.OneOf<std::int64_t>({5'000, 10'000, 30'000}));
    if (swarm_.skewed_hints) {
      gateways.wall_skew = Milliseconds(draws_.OneOf<std::int64_t>({-2'000, 0, 500, 5'000}));
    }
  }

  mock::LimitSpec DrawLimit() {
    mock::LimitSpec limit;
    limit.kind = draws_.OneIn(2) ? mock::LimitKind::kTokenBucket : mock::LimitKind::kFixedWindow;
    limit.per = Milliseconds(draws_.OneOf<std::int64_t>({1'000, 5'000, 10'000, 30'000}));
    limit.limit = draws_.Between(1, 10);
    limit.burst = draws_.Between(1, 5);
    if (draws_.OneIn(4)) {
      limit.counted = mock::Counted::kTokens;
      limit.limit = kMostTokens * draws_.Between(1, 3);
      limit.burst = limit.limit;
    }
    return limit;
  }

  mock::Outage DrawOutage() {
    mock::Outage outage;
    outage.from = ActiveTime();
    outage.to = std::min(outage.from + Milliseconds(draws_.Between(1, 60) * 1000), active_);
    outage.to = std::max(outage.to, outage.from + Milliseconds(1));
    outage.status = draws_.OneOf<int>({500, 503, 529});
    if (swarm_.unauthorized && draws_.OneIn(2)) outage.status = 401;
    return outage;
  }

  ListedAnswer DrawAnswer() {
    ListedAnswer answer;
    answer.status = draws_.OneOf<int>({200, 200, 200, 429, 429, 429, 401, 403, 400, 500, 503});
    const bool final_401 = drawn_.policy == "coder-v1";
    if (answer.status == 401 && !swarm_.unauthorized && !final_401) answer.status = 429;
    if (answer.status == 429 && !draws_.OneIn(3)) {
      answer.retry_after = Milliseconds(
          draws_.OneOf<std::int64_t>({0, 1, 999, 1'000, 1'500, 2'000, 10'000, 20'000, 60'000}));
    }
    answer.takes = Milliseconds(draws_.OneOf<std::int64_t>({0, 0, 0, 1, 10, 100, 1'000, 3'000}));
    if (swarm_.resets && draws_.OneIn(6)) {
      answer.fault = draws_.OneIn(2) ? ListedAnswer::Fault::kResetBeforeHead
                                     : ListedAnswer::Fault::kResetInBody;
    } else if (swarm_.silence && draws_.OneIn(10)) {
      answer.fault = ListedAnswer::Fault::kNoAnswer;
    }
    return answer;
  }

  // A key whose answers are drawn one by one: what no model would come upon.
  void DrawScript(KeySpec& key) {
    const std::int64_t answers = draws_.Between(1, 20);
    for (std::int64_t i = 0; i < answers; ++i) {
      key.answers.push_back(DrawAnswer());
      const int status = key.answers.back().status;
      const bool final_answer = status == 401 || status == 403;
      if (drawn_.policy == "coder-v1" && final_answer) key.revoked = true;
    }
  }

  void DrawKeys() {
    const mock::ModelProvider provider = drawn_.world.provider == "openai"
                                             ? mock::ModelProvider::kOpenAi
                                             : mock::ModelProvider::kAnthropic;
    const auto shared =
        std::make_shared<const mock::OrganisationSpec>(mock::OrganisationSpec{DrawLimit()});
    const std::int64_t keys = draws_.Between(1, 5);
    for (std::int64_t i = 0; i < keys; ++i) {
      KeySpec key;
      key.name = "k" + std::to_string(i);
      key.model.provider = provider;
      if (swarm_.scripted && draws_.OneIn(2)) {
        DrawScript(key);
      } else {
        DrawModel(key, shared);
      }
      drawn_.world.keys.push_back(std::move(key));
    }
  }

  void DrawModel(KeySpec& key, const std::shared_ptr<const mock::OrganisationSpec>& shared) {
    if (swarm_.limits && !draws_.OneIn(3)) key.model.key.limits.push_back(DrawLimit());
    if (swarm_.organisation && !draws_.OneIn(3)) {
      key.model.organisation_name = "org";
      key.model.organisation = shared;
    }
    if (swarm_.outages && draws_.OneIn(2)) key.model.key.outages.push_back(DrawOutage());
    if (swarm_.revocation && draws_.OneIn(4)) key.model.key.revoked_at = ActiveTime();
    key.hint.form = draws_.OneOf<RetryHint::Form>(
        {RetryHint::Form::kProvider, RetryHint::Form::kSeconds, RetryHint::Form::kMilliseconds,
         RetryHint::Form::kHttpDate, RetryHint::Form::kNone});
    if (swarm_.skewed_hints && draws_.OneIn(2)) {
      key.hint.skew =
          Milliseconds(draws_.OneOf<std::int64_t>({-5'000, -1'000, -1, 1, 500, 10'000}));
    }
  }

  Distribution Fixed(std::int64_t ms) { return Distribution::Fixed(static_cast<double>(ms)); }

  void DrawNetwork() {
    NetworkSpec& network = drawn_.world.network;
    network.to_upstream_ms = Fixed(draws_.OneOf<std::int64_t>({0, 0, 1, 10}));
    network.service_ms = Fixed(draws_.OneOf<std::int64_t>({0, 1, 100, 1'000, 2'000}));
    network.to_gateway_ms = Fixed(draws_.OneOf<std::int64_t>({0, 0, 1, 10}));
    if (swarm_.streams) network.stream_ms = Fixed(draws_.OneOf<std::int64_t>({0, 10, 1'000}));
    if (!swarm_.resets && !swarm_.silence) return;
    NetworkFaults faults;
    faults.from = ActiveTime();
    faults.to = std::max(active_, faults.from + Milliseconds(1));
    if (swarm_.resets) faults.reset_before_head = 0.2;
    if (swarm_.resets) faults.reset_in_body = 0.1;
    if (swarm_.silence) faults.no_answer = 0.1;
    network.faults.push_back(faults);
  }

  void DrawClients() {
    World& world = drawn_.world;
    const std::int64_t groups = draws_.Between(1, 2);
    for (std::int64_t i = 0; i < groups; ++i) world.clients.push_back(DrawGroup(i));
    ClientGroup quiet;
    quiet.name = "quiet";
    ListedArrivals calls;
    const Milliseconds from = active_ + kSettling;
    const std::int64_t count = draws_.Between(2, 5);
    for (std::int64_t i = 0; i < count; ++i) calls.at.push_back(from + i * kQuietGap);
    world.duration = calls.at.back() + kQuietGap;
    quiet.arrivals = std::move(calls);
    world.clients.push_back(std::move(quiet));
  }

  ClientGroup DrawGroup(std::int64_t number) {
    ClientGroup group;
    group.name = "clients-" + std::to_string(number);
    ListedArrivals calls;
    const std::int64_t count = draws_.Between(10, 75);
    for (std::int64_t i = 0; i < count; ++i) {
      const bool joins = swarm_.bursts && !calls.at.empty() && !draws_.OneIn(4);
      calls.at.push_back(joins ? calls.at.back() : ActiveTime());
    }
    std::sort(calls.at.begin(), calls.at.end());
    group.arrivals = std::move(calls);
    if (swarm_.retries) {
      group.retries.max = draws_.Between(1, 3);
      group.retries.initial = Milliseconds(draws_.OneOf<std::int64_t>({100, 500, 1'000}));
      group.retries.jitter = 0;
      group.retries.max_retry_after = Milliseconds(5'000);
    }
    if (swarm_.deadlines) {
      group.deadline = Milliseconds(draws_.OneOf<std::int64_t>({1, 100, 1'000, 5'000}));
    }
    if (swarm_.streams) group.streamed = draws_.OneIn(2) ? 1 : 0.5;
    return group;
  }

  Draws draws_;
  Swarm swarm_;
  DrawnWorld drawn_;
  Milliseconds active_{};  // faults end here
};

}  // namespace

DrawnWorld DrawWorld(std::uint64_t seed, std::string_view policy) {
  return WorldDraw(seed, policy).Draw();
}

}  // namespace keywalk::sim
