// Goal: the shipped coroutines on virtual time and the bare step machine tell the same story of the
// same world, to the nanosecond and in the same order.
// Method: each world runs through both drivers; every event is written down with all it says, and
// the two lists are compared, side by side where they part.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/config.h"
#include "sim/check/draw_world.h"
#include "sim/gateway/core_gateway.h"
#include "sim/gateway/request_body.h"
#include "sim/run/simulation.h"
#include "sim/transport_gateway/transport_gateway.h"
#include "sim/transport_gateway/wire_body.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

// Every event with all that it says, a line each.
class Story final : public RunObserver {
 public:
  const std::vector<std::string>& lines() const { return lines_; }
  // What a test wants to be sure has happened at all.
  std::size_t Count(std::string_view text) const {
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(),
        [text](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

  void OnRequest(const SimRequest& request) override {
    Begin(request.sent_at) << "request " << request.id << " replica " << request.replica
                           << (request.streamed ? " streamed" : "");
    End();
  }
  void OnAttemptSent(const AttemptSent& attempt) override {
    Begin(attempt.at) << "request " << attempt.request << " attempt " << attempt.number
                      << " sent, replica " << attempt.replica << " key " << attempt.key
                      << " digest " << std::hex << attempt.body_digest << std::dec;
    End();
  }
  void OnAttemptEnded(const AttemptEnded& attempt) override {
    static constexpr std::string_view kHow[] = {"response", "reset", "timeout", "abandoned"};
    Begin(attempt.at) << "request " << attempt.request << " attempt " << attempt.number << " "
                      << kHow[static_cast<std::size_t>(attempt.how)] << " " << attempt.status
                      << ", sent at " << attempt.sent_at.time_since_epoch().count() << ", replica "
                      << attempt.replica << " key " << attempt.key;
    Describe(attempt.verdict);
    if (attempt.mark) {
      line_ << " mark key " << attempt.mark->key << (attempt.mark->transition ? " changed" : "");
      Describe(attempt.mark->classification);
    }
    Describe(attempt.retry_after);
    End();
  }
  void OnAnswered(const Answered& answer) override {
    Begin(answer.at) << "request " << answer.request->id << " answered " << ToString(answer.outcome)
                     << " " << answer.status << ", attempts " << answer.attempts
                     << (answer.forwarded ? " forwarded" : "")
                     << (answer.call_ended ? " last " : " ") << answer.own_body;
    End();
  }
  void OnRestart(Instant at, std::uint32_t replica) override {
    Begin(at) << "restart of replica " << replica;
    End();
  }
  void OnEnd(Instant at) override {
    Begin(at) << "end";
    End();
  }

 private:
  std::ostream& Begin(Instant at) {
    line_.str({});
    return line_ << at.time_since_epoch().count() << " ";
  }
  void End() { lines_.push_back(line_.str()); }

  void Describe(const Classification& verdict) {
    line_ << " " << ToString(verdict.action) << " " << ToString(verdict.reason) << " "
          << verdict.cooldown.count() << (verdict.pass_on_if_last ? " pass" : "");
  }
  void Describe(const std::optional<Duration>& retry_after) {
    if (retry_after) line_ << " retry after " << retry_after->count();
  }

  std::ostringstream line_;
  std::vector<std::string> lines_;
};

World WorldOf(std::string_view json) {
  Result<World> world = ParseWorld(json, "world of the test");
  EXPECT_TRUE(world.ok()) << world.error().message();
  return *std::move(world);
}

Story StoryOf(const World& world, const Policy& policy, const RunOptions& options,
              const GatewayFactory& gateway) {
  Story story;
  Simulation simulation(world, policy, options, gateway, {&story});
  simulation.Run();
  return story;
}

// Where the two part, with what came before: the core's lines left, the transport's right.
std::string SideBySide(const std::vector<std::string>& core,
                       const std::vector<std::string>& transport) {
  std::size_t same = 0;
  while (same < core.size() && same < transport.size() && core[same] == transport[same]) ++same;
  std::ostringstream out;
  for (std::size_t i = same < 6 ? 0 : same - 6; i < same + 6; ++i) {
    const std::string left = i < core.size() ? core[i] : "-";
    const std::string right = i < transport.size() ? transport[i] : "-";
    if (left == right) {
      out << "  both      " << left << "\n";
    } else {
      out << "* core      " << left << "\n* transport " << right << "\n";
    }
  }
  return out.str();
}

struct Setting {
  const char* name;
  const char* world;
  // A part of some line: the run is worth nothing if it never happens.
  std::vector<const char*> happens;
};

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

const Setting kSettings[] = {
    {"Simplest",
     R"({"schema_version": "1.0", "name": "simplest", "duration_ms": 1000,
         "clients": [{"name": "app", "arrivals": {"kind": "poisson", "per_second": 100}}],
         "keys": [{"name": "k0"}], "network": {"service_ms": 1}})",
     {"answered success 200"}},
    {"NoTimePasses",
     R"({"schema_version": "1.0", "name": "at once", "duration_ms": 20000,
         "clients": [{"name": "crowd", "body_bytes": {"uniform": [0, 40]},
                      "arrivals": {"kind": "bursts", "every_ms": 1000, "size": 7}}],
         "keys": [{"name": "k0", "answers": [{"status": 429, "retry_after_ms": 3000},
                                             {"status": 200}, {"status": 429}]},
                  {"name": "k1", "answers": [{"status": 429, "retry_after_ms": 1000},
                                             {"status": 500}, {"status": 401}]}]})",
     {"temporary", "answered upstream_error 500", "answered rate_limited 429", "changed"}},
    {"ListedFaults",
     R"({"schema_version": "1.0", "name": "listed faults", "duration_ms": 20000,
         "gateways": {"head_timeout_ms": 700},
         "clients": [{"name": "app", "streamed": 0.5,
                      "retries": {"max": 2, "initial_ms": 100},
                      "arrivals": {"kind": "poisson", "per_second": 5}}],
         "keys": [{"name": "k0", "answers": [
                     {"status": 200, "fault": "reset_before_head", "takes_ms": 20},
                     {"status": 429, "fault": "reset_in_body", "takes_ms": 30},
                     {"status": 200, "fault": "no_answer"}]},
                  {"name": "k1", "answers": [
                     {"status": 500, "fault": "reset_in_body", "takes_ms": 1},
                     {"status": 200, "fault": "reset_in_body", "takes_ms": 700},
                     {"status": 200, "takes_ms": 701}, {"status": 200, "takes_ms": 699},
                     {"status": 403, "takes_ms": 5}, {"status": 302}]}]})",
     {"reset 0", "timeout 0", "answered truncated", "temporary", "403"}},
    {"Network",
     R"({"schema_version": "1.0", "name": "network", "duration_ms": 8000,
         "gateways": {"head_timeout_ms": 120},
         "clients": [{"name": "app", "deadline_ms": 150, "streamed": 0.4,
                      "retries": {"max": 2, "initial_ms": 50},
                      "arrivals": {"kind": "diurnal", "per_second": 20, "period_ms": 10000}},
                     {"name": "users", "arrivals": {"kind": "closed", "users": 5,
                                                    "think_ms": {"exponential": {"mean": 100,
                                                                                 "max": 900}}}}],
         "keys": [{"name": "k", "count": 3, "model": {"provider": "openai", "limits": [
                     {"kind": "token_bucket", "count": "requests", "limit": 300,
                      "per": "minute", "burst": 20}]}}],
         "network": {"to_upstream_ms": {"uniform": [1, 60]}, "service_ms": {"uniform": [1, 60]},
                     "to_gateway_ms": 10, "stream_ms": {"uniform": [0, 100]},
                     "faults": [{"from_ms": 1000, "to_ms": 7000, "reset_before_head": 0.1,
                                 "reset_in_body": 0.1, "no_answer": 0.05}]}})",
     {"reset 0", "timeout 0", "abandoned 0", "answered deadline", "answered truncated",
      "answered rate_limited", "streamed"}},
    {"OutageAndRevocation",
     R"({"schema_version": "1.0", "name": "outage", "duration_ms": 200000,
         "clients": [{"name": "app", "retries": {"max": 1},
                      "arrivals": {"kind": "poisson", "per_second": 3}}],
         "keys": [{"name": "k0", "model": {"provider": "openai", "revoked_at_ms": 20000}},
                  {"name": "k1", "model": {"provider": "openai", "outages": [
                     {"from_ms": 30000, "to_ms": 90000, "status": 401},
                     {"from_ms": 100000, "to_ms": 130000, "status": 503}]}}],
         "network": {"service_ms": {"uniform": [0, 200]}}})",
     {"401", "unauthorized", "502"}},
    {"ReplicasAndRestarts",
     R"({"schema_version": "1.0", "name": "replicas", "duration_ms": 60000,
         "gateways": {"replicas": 3, "restarts": [{"at_ms": 10015, "replica": 1},
                        {"at_ms": 20000, "replica": 0}, {"at_ms": 20010, "replica": 2},
                        {"at_ms": 30005, "replica": 1}]},
         "clients": [{"name": "crowd", "retries": {"max": 3, "initial_ms": 10},
                      "arrivals": {"kind": "bursts", "every_ms": 2500, "size": 9,
                                   "spread_ms": 20}}],
         "keys": [{"name": "k", "count": 4, "model": {"provider": "openai", "limits": [
                     {"kind": "fixed_window", "count": "requests", "limit": 6,
                      "per_ms": 5000}]}}],
         "network": {"to_upstream_ms": {"uniform": [0, 30]}, "service_ms": 20}})",
     {"restart of replica 2", "abandoned 0", "answered restarted", "temporary"}},
    {"SharedKeyState",
     R"({"schema_version": "1.0", "name": "shared", "duration_ms": 20000,
         "gateways": {"replicas": 4, "key_state": "shared",
                      "restarts": [{"at_ms": 9000, "replica": 3}]},
         "clients": [{"name": "app", "arrivals": {"kind": "poisson", "per_second": 30}}],
         "keys": [{"name": "k", "count": 3, "retry_hint": {"form": "http-date"},
                   "model": {"provider": "openai", "limits": [
                     {"kind": "token_bucket", "count": "requests", "limit": 240,
                      "per": "minute", "burst": 3}]}}],
         "network": {"service_ms": {"lognormal": {"median": 50, "sigma": 1}}}})",
     {"restart of replica 3", "temporary", "answered rate_limited"}},
    {"LargeBodies",
     R"({"schema_version": "1.0", "name": "bodies", "duration_ms": 20000,
         "gateways": {"head_timeout_ms": 150},
         "clients": [{"name": "app", "body_bytes": {"uniform": [0, 200000]},
                      "arrivals": {"kind": "poisson", "per_second": 10}}],
         "keys": [{"name": "k", "count": 3, "model": {"provider": "openai", "limits": [
                     {"kind": "token_bucket", "count": "requests", "limit": 60,
                      "per": "minute", "burst": 2}]}}],
         "network": {"to_upstream_ms": {"uniform": [1, 100]}, "service_ms": {"uniform": [1, 60]},
                     "faults": [{"reset_before_head": 0.1, "no_answer": 0.05}]}})",
     {"temporary", "reset 0", "timeout 0"}},
    {"Anthropic",
     R"({"schema_version": "1.0", "name": "anthropic", "provider": "anthropic",
         "duration_ms": 30000,
         "clients": [{"name": "app", "streamed": 1, "retries": {"max": 1},
                      "arrivals": {"kind": "poisson", "per_second": 10}}],
         "keys": [{"name": "k", "count": 2, "model": {"provider": "anthropic", "limits": [
                     {"kind": "token_bucket", "count": "requests", "limit": 60, "per": "minute",
                      "burst": 2}]}}],
         "network": {"service_ms": 3, "stream_ms": {"uniform": [0, 2000]}}})",
     {"temporary", "answered rate_limited"}},
};

// What the core tells; the transport is held to it.
Story ExpectTheSameStory(const World& world, const Policy& policy, const RunOptions& options) {
  const Story transport = StoryOf(world, policy, options, NewTransportGateway);
  Story core = StoryOf(world, policy, options, NewCoreGateway);
  EXPECT_TRUE(core.lines() == transport.lines())
      << policy.name << " seed " << options.seed << (options.interleave ? " interleaved" : "")
      << "\n"
      << SideBySide(core.lines(), transport.lines());
  return core;
}

// Our own, and those of other gateways: with no memory of keys, or that pass on the last answer.
std::vector<std::string> AllPolicies() {
  std::vector<std::string> policies = BuiltinPolicyNames();
  for (const auto& entry : std::filesystem::directory_iterator(KEYWALK_IMPLEMENTATIONS_DIR)) {
    const std::filesystem::path policy = entry.path() / "policy.json";
    if (std::filesystem::exists(policy)) policies.push_back(policy.string());
  }
  EXPECT_GT(policies.size(), BuiltinPolicyNames().size());
  return policies;
}

class BothDrivers : public ::testing::TestWithParam<Setting> {};

TEST_P(BothDrivers, TellTheSameStory) {
  const World world = WorldOf(GetParam().world);
  std::vector<std::string> missing(GetParam().happens.begin(), GetParam().happens.end());
  std::uint64_t seed = 0;
  for (const std::string& name : AllPolicies()) {
    const Result<Policy> policy = LoadPolicy(name);
    ASSERT_TRUE(policy.ok()) << policy.error().message();
    for (const bool interleave : {false, true}) {
      RunOptions options;
      options.seed = ++seed;
      options.interleave = interleave;
      const Story story = ExpectTheSameStory(world, *policy, options);
      if (HasFailure()) return;
      std::erase_if(missing, [&](const std::string& part) { return story.Count(part) > 0; });
    }
  }
  EXPECT_EQ(missing, std::vector<std::string>()) << "the world is too quiet";
}

INSTANTIATE_TEST_SUITE_P(Worlds, BothDrivers, ::testing::ValuesIn(kSettings),
                         [](const auto& setting) { return std::string(setting.param.name); });

TEST(DrawnWorldsTest, BothDriversTellTheSameStory) {
  for (std::uint64_t seed = 1; seed <= 150 && !HasFailure(); ++seed) {
    const DrawnWorld drawn = DrawWorld(seed, "");
    const Result<Policy> policy = LoadPolicy(drawn.policy);
    ASSERT_TRUE(policy.ok()) << policy.error().message();
    RunOptions options;
    options.seed = seed;
    options.interleave = seed % 3 != 0;
    ExpectTheSameStory(drawn.world, *policy, options);
  }
}

WireCounts CountWire(std::string_view json) {
  const World world = WorldOf(json);
  const Result<Policy> policy = LoadPolicy("coder-v1");
  WireCounts counts;
  StoryOf(world, *policy, RunOptions{},
          [&counts](GatewayHost& host) { return NewCountingTransportGateway(host, counts); });
  return counts;
}

TEST(TransportGatewayTest, OneConnectionCarriesRequestAfterRequest) {
  const WireCounts counts = CountWire(
      R"({"schema_version": "1.0", "name": "one user", "duration_ms": 100000,
          "clients": [{"name": "user", "streamed": 0.5,
                       "arrivals": {"kind": "closed", "users": 1, "think_ms": 100}}],
          "keys": [{"name": "k0", "answers": [{"status": 429}, {"status": 200}]},
                   {"name": "k1"}],
          "network": {"service_ms": 5, "stream_ms": 10}})");
  EXPECT_GT(counts.requests, 500u);
  EXPECT_EQ(counts.connections, 1u);
}

TEST(TransportGatewayTest, ARestartClosesConnectionsAndSoDoesAReset) {
  const WireCounts counts = CountWire(
      R"({"schema_version": "1.0", "name": "resets", "duration_ms": 10000,
          "gateways": {"restarts": [{"at_ms": 5000}]},
          "clients": [{"name": "user", "arrivals": {"kind": "listed",
                       "at_ms": [0, 1000, 2000, 3000, 6000, 7000]}}],
          "keys": [{"name": "k0", "answers": [{"status": 200},
                     {"status": 200, "fault": "reset_in_body"},
                     {"status": 200, "fault": "reset_before_head"}]}]})");
  EXPECT_EQ(counts.requests, 6u);
  EXPECT_EQ(counts.connections, 4u);  // at first, after each reset, after the restart
}

TEST(TransportGatewayTest, AnIdleConnectionIsClosedInVirtualTime) {
  const WireCounts counts = CountWire(
      R"({"schema_version": "1.0", "name": "idle", "duration_ms": 200000,
          "clients": [{"name": "user", "arrivals": {"kind": "listed",
                       "at_ms": [0, 59999, 119999, 150000]}}],
          "keys": [{"name": "k0"}]})");
  EXPECT_EQ(counts.requests, 4u);
  EXPECT_EQ(counts.connections, 2u);  // HttpTransportOptions::keep_alive is a minute
}

TEST(TransportGatewayTest, ARunThatIsLeftInTheMiddleLeavesNothingBehind) {
  const World world = WorldOf(
      R"({"schema_version": "1.0", "name": "left", "duration_ms": 10000,
          "clients": [{"name": "app", "arrivals": {"kind": "poisson", "per_second": 100}}],
          "keys": [{"name": "k0"}], "network": {"service_ms": 500}})");
  const Result<Policy> policy = LoadPolicy("coder-v1");
  Story story;
  {
    Simulation simulation(world, *policy, RunOptions{}, NewTransportGateway, {&story});
    EXPECT_TRUE(simulation.RunEvents(300));
  }
  EXPECT_GT(story.Count("sent"), story.Count("answered"));
  EXPECT_EQ(story.Count("abandoned"), 0u);
}

std::string BodyText(RequestId request, std::uint64_t bytes) {
  std::string text;
  std::string piece;
  while (text.size() < bytes) {
    WriteBodyPiece(request, bytes, text.size(), piece);
    text += piece;
  }
  return text;
}

// Of a text that arrives in pieces, for a request that says it is `request`.
std::uint64_t DigestOf(const std::string& text, RequestId request) {
  ArrivingBody body;
  for (std::size_t at = 0; at < text.size(); at += 1000) body.Add(text.substr(at, 1000));
  return body.Digest(request);
}

TEST(ArrivingBodyTest, KnowsABodyThatIsNotTheRequests) {
  EXPECT_EQ(DigestOf("", 7), BodyDigest(7, 0));
  for (const std::size_t size : {1u, 15u, 16u, 17u, 65'536u, 200'000u}) {
    const std::string text = BodyText(7, size);
    ASSERT_EQ(text.size(), size);
    EXPECT_EQ(DigestOf(text, 7), BodyDigest(7, size)) << size;
    EXPECT_NE(DigestOf(text, 8), BodyDigest(8, size)) << size << ": another request's";
    std::string wrong = text;
    wrong.back() = static_cast<char>(wrong.back() ^ 1);
    EXPECT_NE(DigestOf(wrong, 7), BodyDigest(7, size)) << size << ": a bit is wrong";
    if (size == 1) continue;
    wrong.pop_back();
    EXPECT_NE(DigestOf(wrong, 7), BodyDigest(7, size)) << size << ": cut";
    EXPECT_NE(DigestOf(text + "x", 7), BodyDigest(7, size + 1)) << size << ": too long";
  }
}

}  // namespace
}  // namespace keywalk::sim
