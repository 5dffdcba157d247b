#include "tests/steps/world.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include "io/child_task.h"
#include "io/connector.h"
#include "io/http_server.h"
#include "io/http_transport.h"
#include "io/message_reader.h"
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

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::array kKeys = {"sk-first-AAAABBBBCCCCDDDD", "sk-second-EEEEFFFFGGGGHHHH"};

void Rethrow(const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
}

bool IsOfConnection(const error_code& code) {
  return io::IsCutOff(code) || code.category() == boost::system::system_category() ||
         code.category() == asio::error::get_misc_category();
}

Awaitable<bool> Send(io::Stream& stream, std::string_view bytes) {
  const std::array<asio::const_buffer, 1> all{asio::buffer(bytes.data(), bytes.size())};
  const io::IoResult sent = co_await stream.Write(all);
  co_return sent.ok();
}

// A request's index, from its target.
std::size_t IndexIn(std::string_view target) {
  std::size_t index = 0;
  const std::size_t begin = target.find_last_of('r') + 1;
  std::from_chars(target.data() + begin, target.data() + target.size(), index);
  return index;
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
  Awaitable<void> BeClient();
  Awaitable<bool> Ask(const StepRequest& request, io::MessageReader& reader);
  Awaitable<void> SendBody(const StepRequest& request);
  Awaitable<bool> ReadAnswer(io::MessageReader& reader, ClientAnswer& answer);
  Awaitable<void> BeUpstream(std::unique_ptr<io::Stream> stream, std::size_t connection);
  Awaitable<bool> BeAsked(io::Stream& stream, io::MessageReader& reader, std::size_t connection);
  Awaitable<bool> Answer(io::Stream& stream, std::size_t exchange);
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
  std::vector<std::uint64_t> upstream_written_;
  // Coroutines that never end go with it, and refer to what is above.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::unique_ptr<proxy::ProxyHandler> handler_;
  std::unique_ptr<io::HttpServer> server_;
  std::unique_ptr<io::Stream> client_;
  std::optional<io::ChildTask> sending_;
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
      disk_plan_(AtOn(Side::kDisk), failure.disk) {
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
  client_ = std::move(far);
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
      return client_->Reset();
    case Intrusion::kClientCloses:
      return client_->Close();
    case Intrusion::kServerStops:
      asio::co_spawn(context_, server_->Drain(std::chrono::seconds(0)), Rethrow);
      return;
    case Intrusion::kServerDrains:
      asio::co_spawn(context_, server_->Drain(std::chrono::hours(1)), Rethrow);
      return;
  }
}

Outcome World::Run() {
  asio::co_spawn(context_, BeClient(), [this](const std::exception_ptr& exception) {
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
  outcome_.log = setup_.log;
  outcome_.connections_left = server_->open_connections() + client_counts_.open;
  outcome_.body_bytes_left = setup_.shared->body_memory->used_bytes();
  // With the proxy everything else ends: no coroutine is left, and no connection.
  server_.reset();
  handler_.reset();
  client_.reset();
  context_.restart();
  context_.poll();
  for (const auto& counts : upstream_counts_) outcome_.streams_left += counts->open;
  outcome_.work_left = !context_.stopped();
}

// --- the client ---

Awaitable<void> World::BeClient() {
  io::MessageReader reader(*client_, io::Http1Parser::Role::kResponse, kMaxHead);
  sending_.emplace(context_.get_executor());
  bool more = true;
  for (std::size_t i = 0; more && i < scenario_.requests.size(); ++i) {
    more = co_await Ask(scenario_.requests[i], reader);
  }
  if (!more && outcome_.answers.back().complete) {
    // Whatever comes after an answer that was the last one is too much.
    reader.StartMessage();
    const error_code ec = co_await reader.ReadHead();
    if (!ec || !IsOfConnection(ec) || reader.message_begun()) outcome_.garbled = true;
  }
  client_->Close();
  co_await sending_->Join();
}

// One request and its answer; false if the connection is of no use any more.
Awaitable<bool> World::Ask(const StepRequest& request, io::MessageReader& reader) {
  const bool first = &request == &scenario_.requests.front();
  if (first || !scenario_.pipelined) {
    const bool head_sent = co_await Send(*client_, request.head);
    if (head_sent && !request.waits) sending_->Start(SendBody(request));
  }
  bool told = false;
  while (true) {
    reader.StartMessage();
    ClientAnswer answer;
    const bool more = co_await ReadAnswer(reader, answer);
    if (more && answer.status == 100) {
      if (!request.waits || std::exchange(told, true)) outcome_.garbled = true;
      sending_->Start(SendBody(request));
      continue;
    }
    if (!more) client_->ShutdownSend();  // the rest of a body is of no use to anybody
    co_await sending_->Join();
    outcome_.answers.push_back(std::move(answer));
    co_return more;
  }
}

Awaitable<void> World::SendBody(const StepRequest& request) {
  const std::string_view body = request.body;
  co_await Send(*client_, body.substr(0, request.pauses_at));
  if (request.pauses_at > 0) {
    Awaitable<void> resting = time_.WaitForRest(context_.get_executor());
    co_await std::move(resting);
  }
  co_await Send(*client_, body.substr(request.pauses_at));
  if (!scenario_.pipelined) co_return;
  for (const StepRequest& next : std::span(scenario_.requests).subspan(1)) {
    co_await Send(*client_, next.head + next.body);
  }
}

// True if the connection can be used again.
Awaitable<bool> World::ReadAnswer(io::MessageReader& reader, ClientAnswer& answer) {
  error_code ec = co_await reader.ReadHead();
  answer.begun = reader.message_begun();
  if (ec) {
    if (!IsOfConnection(ec)) outcome_.garbled = true;
    co_return false;
  }
  answer.status = reader.head().status;
  const bool keep_alive = reader.head().keep_alive;
  while (true) {
    const io::MessageReader::Piece piece = co_await reader.ReadBody();
    if (piece.code && !IsOfConnection(piece.code)) outcome_.garbled = true;
    if (piece.code) co_return false;
    if (piece.bytes.empty()) break;
    answer.content += piece.bytes;
  }
  answer.complete = true;
  const bool more = scenario_.pipelined || answer.status == 100;
  if (reader.has_buffered() && !more) outcome_.garbled = true;
  co_return keep_alive;
}

// --- the upstream ---

std::unique_ptr<io::Stream> World::Connect() {
  auto [near, far] = MakeStreamPair(context_, time_, Streams());
  upstream_counts_.push_back(std::make_unique<StreamCounts>());
  upstream_written_.push_back(0);
  asio::co_spawn(context_, BeUpstream(std::move(far), upstream_written_.size() - 1), Rethrow);
  return MakeFailingStream(context_, std::move(near), upstream_plan_, *upstream_counts_.back());
}

Awaitable<void> World::BeUpstream(std::unique_ptr<io::Stream> stream, std::size_t connection) {
  io::MessageReader reader(*stream, io::Http1Parser::Role::kRequest, kMaxHead);
  bool more = true;
  while (more) {
    reader.StartMessage();
    const error_code ec = co_await reader.ReadHead();
    if (ec) break;
    more = co_await BeAsked(*stream, reader, connection);
  }
  stream->Close();
}

Awaitable<bool> World::BeAsked(io::Stream& stream, io::MessageReader& reader,
                               std::size_t connection) {
  const std::size_t index = outcome_.exchanges.size();
  const io::MessageHead& head = reader.head();
  {
    Exchange exchange;
    exchange.connection = connection;
    exchange.request = IndexIn(head.target);
    exchange.key = head.headers.Find("Authorization") == "Bearer " + std::string(kKeys[0]) ? 0 : 1;
    const bool refused = scenario_.refuses && exchange.key == 0;
    exchange.answer = refused ? scenario_.refusal : scenario_.answer;
    outcome_.exchanges.push_back(std::move(exchange));
  }
  const std::optional<std::size_t> early = outcome_.exchanges[index].answer.early_after;
  bool answered = false;
  bool good = true;
  if (outcome_.exchanges[index].answer.rests) {
    Awaitable<void> resting = time_.WaitForRest(context_.get_executor());
    co_await std::move(resting);
  }
  if (!early && head.headers.HasToken("Expect", "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    upstream_written_[connection] += kContinue.size();
    good = co_await Send(stream, kContinue);
  }
  while (good) {
    if (early && !answered && outcome_.exchanges[index].content.size() >= *early) {
      answered = true;
      good = co_await Answer(stream, index);
    }
    const io::MessageReader::Piece piece = co_await reader.ReadBody();
    good = good && !piece.code;
    if (piece.bytes.empty()) break;
    outcome_.exchanges[index].content += piece.bytes;
  }
  outcome_.exchanges[index].complete = good;
  if (good && !answered) good = co_await Answer(stream, index);
  co_return good && !outcome_.exchanges[index].answer.closes;
}

Awaitable<bool> World::Answer(io::Stream& stream, std::size_t index) {
  Exchange& exchange = outcome_.exchanges[index];
  std::uint64_t& written = upstream_written_[exchange.connection];
  exchange.head_ends = written + exchange.answer.head.size();
  exchange.answer_ends = exchange.head_ends + exchange.answer.body.size();
  written = exchange.answer_ends;
  const std::string head = exchange.answer.head;
  const std::string body = exchange.answer.body;
  const bool head_sent = co_await Send(stream, head);
  if (!head_sent) co_return false;
  co_return co_await Send(stream, body);
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
