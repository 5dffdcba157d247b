#include "tests/steps/world.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>

#include "io/connector.h"
#include "io/http_server.h"
#include "io/http_transport.h"
#include "keywalk/config.h"
#include "proxy/proxy_config.h"
#include "proxy/proxy_handler.h"
#include "tests/support/stream_pair.h"

namespace keywalk::steps {
namespace {

using testing::FaultPlan;
using testing::MakeFailingStream;
using testing::MakeStreamPair;
using testing::StreamCounts;
using testing::StreamFault;
using testing::StreamPairOptions;
using testing::VirtualTime;

void Rethrow(const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
}

class World {
 public:
  World(ProxySetup& setup, const Failure& failure);
  Outcome Run();

 private:
  using Side = Failure::Side;
  class TestConnector;

  std::size_t AtOn(Side side) const { return failure_.side == side ? failure_.at : 0; }
  void Prepare(FaultPlan& plan);
  void Intrude(Intrusion intrusion);
  StreamPairOptions Streams() const;
  std::unique_ptr<io::Stream> Connect();
  void Settle();
  void Note();

  ProxySetup& setup_;
  const Scenario& scenario_;
  const Failure failure_;
  VirtualTime time_;
  Outcome outcome_;
  std::shared_ptr<FaultPlan> client_plan_;
  std::shared_ptr<FaultPlan> upstream_plan_;
  testing::DiskPlan disk_plan_;
  StreamCounts client_counts_;
  std::vector<std::unique_ptr<StreamCounts>> upstream_counts_;  // by connection
  // Coroutines that never end go with it, and refer to what is above.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::unique_ptr<proxy::ProxyHandler> handler_;
  std::unique_ptr<io::HttpServer> server_;
  TestUpstream upstream_;
  std::unique_ptr<TestClient> client_;
  bool client_done_ = false;
};

class World::TestConnector final : public io::Connector {
 public:
  explicit TestConnector(World& world) : world_(world) {}

  Awaitable<Result<std::unique_ptr<io::Stream>, TransportError>> Connect(
      Cancellation& cancel) override {
    using Kind = TransportError::Kind;
    const StreamFault fault = world_.upstream_plan_->Next();
    if (fault == StreamFault::kLate || fault == StreamFault::kBlackHole) {
      Awaitable<void> resting = world_.upstream_plan_->rest();
      co_await std::move(resting);
    }
    if (cancel.requested()) {
      co_return TransportError(Kind::kCancelled, asio::error::operation_aborted, "cancelled");
    }
    switch (fault) {
      case StreamFault::kReset:
      case StreamFault::kPartReset:
        co_return TransportError(Kind::kConnect, asio::error::connection_refused, "refused");
      case StreamFault::kEnd:
      case StreamFault::kClosed:
        co_return TransportError(Kind::kTls, asio::error::eof, "no handshake");
      case StreamFault::kBlackHole:
        co_return TransportError(Kind::kTimeout, asio::error::timed_out, "not in time");
      default:
        co_return world_.Connect();
    }
  }

 private:
  World& world_;
};

World::World(ProxySetup& setup, const Failure& failure)
    : setup_(setup),
      scenario_(setup.scenario),
      failure_(failure),
      client_plan_(std::make_shared<FaultPlan>(AtOn(Side::kClient), failure.fault)),
      upstream_plan_(std::make_shared<FaultPlan>(AtOn(Side::kUpstream), failure.fault)),
      disk_plan_(AtOn(Side::kDisk), failure.disk),
      upstream_(context_, time_, scenario_) {
  setup_.clock->Advance(std::chrono::hours(1));  // what an earlier run has marked is valid again
  setup_.log.clear();
  Prepare(*client_plan_);
  Prepare(*upstream_plan_);

  HttpTransportOptions options;
  options.base = *BaseUrl::Parse("http://upstream");
  options.expect_continue_bytes = scenario_.expect_continue_bytes;
  options.continue_wait = std::chrono::hours(1);  // real time, which is to decide nothing here
  const std::shared_ptr<const proxy::Generation> generation = setup_.shared->generation();
  std::vector<proxy::RouteTransports> transports;
  transports.push_back(proxy::MakeRouteTransports(
      *setup_.shared, *generation, *generation->routes.front(),
      io::NewHttpTransport(context_, std::move(options), std::make_unique<TestConnector>(*this))));
  handler_ = std::make_unique<proxy::ProxyHandler>(
      *setup_.shared, std::make_shared<proxy::Serving>(generation, std::move(transports)));
  server_ = std::move(*io::HttpServer::Create(context_, io::ServerOptions(), *handler_));

  auto [near, far] = MakeStreamPair(context_, time_, Streams());
  client_ = std::make_unique<TestClient>(context_, time_, scenario_, std::move(far));
  server_->Serve(MakeFailingStream(context_, std::move(near), client_plan_, client_counts_),
                 asio::ip::make_address("127.0.0.1"));
}

void World::Prepare(FaultPlan& plan) {
  plan.rest = [this] { return time_.WaitForRest(context_.get_executor()); };
  plan.on_fire = [this] { Intrude(failure_.intrusion); };
}

StreamPairOptions World::Streams() const {
  StreamPairOptions options;
  options.can_try = setup_.can_try;
  return options;
}

void World::Intrude(Intrusion intrusion) {
  switch (intrusion) {
    case Intrusion::kNone:
      return;
    case Intrusion::kClientResets:
      return client_->stream().Reset();
    case Intrusion::kClientCloses:
      return client_->stream().Close();
    case Intrusion::kServerStops:
      asio::co_spawn(context_, server_->Drain(std::chrono::seconds(0)), Rethrow);
      return;
    case Intrusion::kServerDrains:
      asio::co_spawn(context_, server_->Drain(std::chrono::hours(1)), Rethrow);
      return;
  }
}

Outcome World::Run() {
  asio::co_spawn(context_, client_->Run(), [this](const std::exception_ptr& exception) {
    client_done_ = true;
    Rethrow(exception);
  });
  Settle();
  Note();
  return std::move(outcome_);
}

// Goes on until nobody has anything left to do.
void World::Settle() {
  constexpr int kMostTurns = 200;  // of waiting, which a run has less than ten of
  int turns = 0;
  do {
    context_.restart();
    context_.poll();
    const bool ended = client_done_ && server_->open_connections() == 0;
    if (ended && !time_.anything_waits_for_rest()) return;
  } while (time_.GoOn() && ++turns < kMostTurns);
  outcome_.unfinished = true;
}

void World::Note() {
  outcome_.fired = client_plan_->fired() || upstream_plan_->fired() || disk_plan_.fired();
  outcome_.client_bytes_read = client_counts_.read;
  for (const auto& counts : upstream_counts_) outcome_.delivered.push_back(counts->read);
  for (KeyIndex i = 0; i < kKeys.size(); ++i) {
    outcome_.keys.push_back(
        setup_.shared->generation()->routes[0]->pool()->state(i, setup_.clock->now()));
  }
  outcome_.answers = client_->answers();
  outcome_.garbled = client_->garbled();
  outcome_.exchanges = upstream_.exchanges();
  outcome_.log = setup_.log;
  outcome_.connections_left = server_->open_connections() + client_counts_.open;
  outcome_.body_bytes_left = setup_.shared->body_memory->used_bytes();
  // With the proxy everything else ends: no coroutine is left, and no connection.
  server_.reset();
  context_.restart();
  context_.poll();  // what did not end by itself ends now, and refers to the handler until then
  handler_.reset();
  client_.reset();
  context_.restart();
  context_.poll();
  for (const auto& counts : upstream_counts_) outcome_.streams_left += counts->open;
  outcome_.work_left = !context_.stopped();
}

std::unique_ptr<io::Stream> World::Connect() {
  auto [near, far] = MakeStreamPair(context_, time_, Streams());
  upstream_counts_.push_back(std::make_unique<StreamCounts>());
  upstream_.Accept(std::move(far));
  return MakeFailingStream(context_, std::move(near), upstream_plan_, *upstream_counts_.back());
}

}  // namespace

std::string Failure::Describe() const {
  static constexpr std::array kIntrusions = {"", "client resets", "client closes", "server stops",
                                             "server drains"};
  if (at == 0) return "nothing";
  static constexpr std::array kSides = {"client's connection", "upstream's connections", "disk"};
  std::string_view what = kIntrusions[static_cast<std::size_t>(intrusion)];
  if (what.empty()) what = side == Side::kDisk ? ToString(disk) : ToString(fault);
  return "operation " + std::to_string(at) + " on the " + kSides[static_cast<std::size_t>(side)] +
         ": " + std::string(what);
}

ProxySetup::ProxySetup(const Scenario& given, BodyMode given_mode, bool given_can_try)
    : scenario(given),
      mode(given_mode),
      can_try(given_can_try),
      clock(std::make_shared<ManualClock>()) {
  proxy::ProxyConfig config;
  proxy::RouteConfig& route = config.routes.emplace_back();
  route.provider = FindProvider("openai");
  route.base_url = "http://upstream";
  route.policy = std::make_shared<const Policy>(*LoadPolicy("coder-v1"));
  route.keys = std::vector<std::string>(kKeys.begin(), kKeys.end());
  config.body.mode = mode;
  config.body.memory_bytes = scenario.body_memory;
  shared = std::move(*proxy::ProxyShared::Make(
      config, clock, [this](proxy::LogLevel, std::string_view line) { log.emplace_back(line); }));
}

ProxySetup::~ProxySetup() = default;

Outcome RunOnce(ProxySetup& setup, const Failure& failure) { return World(setup, failure).Run(); }

}  // namespace keywalk::steps
