// What the failover transport costs beside the upstream call: recording the body, and one attempt
// more. The inner transport answers at once, in process, so that nothing but our own work is timed.
#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "io/prefixed_body.h"
#include "keywalk/config.h"
#include "keywalk/key_failover.h"
#include "keywalk/recorded_body.h"

namespace keywalk {
namespace {

// As much as one read of a socket gives.
constexpr std::size_t kPieceBytes = 64 * 1024;

void RecordBody(benchmark::State& state, bool known_length) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string piece(std::min(size, kPieceBytes), 'x');
  for (auto _ : state) {
    RecordedBody body(known_length ? size : 0);
    for (std::size_t left = size; left > 0; left -= std::min(left, piece.size())) {
      body.Append(std::string_view(piece).substr(0, left));
    }
    benchmark::DoNotOptimize(body.size());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
void BM_RecordBodyKnownLength(benchmark::State& state) { RecordBody(state, true); }
void BM_RecordBodyUnknownLength(benchmark::State& state) { RecordBody(state, false); }
BENCHMARK(BM_RecordBodyKnownLength)->Arg(1 << 10)->Arg(64 << 10)->Arg(1 << 20)->Arg(16 << 20);
BENCHMARK(BM_RecordBodyUnknownLength)->Arg(1 << 10)->Arg(64 << 10)->Arg(1 << 20)->Arg(16 << 20);

// The naive way, for comparison: one string that grows.
void BM_AppendToString(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string piece(std::min(size, kPieceBytes), 'x');
  for (auto _ : state) {
    std::string body;
    for (std::size_t left = size; left > 0; left -= std::min(left, piece.size())) {
      body.append(piece, 0, left);
    }
    benchmark::DoNotOptimize(body.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_AppendToString)->Arg(1 << 10)->Arg(64 << 10)->Arg(1 << 20)->Arg(16 << 20);

// Refuses the first `refusals` attempts of each request, then answers 200.
class RefusingTransport final : public Transport {
 public:
  explicit RefusingTransport(std::size_t refusals) : refusals_(refusals) {}

  Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation&) override {
    benchmark::DoNotOptimize(request.recorded_body.get());
    const bool refuse = attempts_++ % (refusals_ + 1) < refusals_;
    Response response;
    response.status = refuse ? 429 : 200;
    response.headers.Add("Content-Type", "application/json");
    if (refuse) response.headers.Add("retry-after-ms", "1");
    response.body = io::MakeStringBody("{}");
    co_return std::move(response);
  }

 private:
  const std::size_t refusals_;
  std::size_t attempts_ = 0;
};

Awaitable<void> SendMany(benchmark::State& state, Transport& transport, ManualClock& clock) {
  Request request;
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.headers = Headers{{"Content-Type", "application/json"}, {"User-Agent", "bench"}};
  auto body = std::make_shared<RecordedBody>(1024);
  body->Append(std::string(1024, 'x'));
  request.recorded_body = std::move(body);
  for (auto _ : state) {
    Cancellation cancel;
    RoundTripResult result = co_await transport.RoundTrip(request, cancel);
    if (!result.ok() || result->status != 200) state.SkipWithError("the request failed");
    clock.Advance(std::chrono::milliseconds(2));  // every key is valid again for the next request
  }
}

void BM_RequestWithFailovers(benchmark::State& state) {
  const auto failovers = static_cast<std::size_t>(state.range(0));
  std::vector<std::string> keys;
  for (std::size_t i = 0; i <= failovers; ++i) keys.push_back("bench-key-" + std::to_string(i));
  const auto clock = std::make_shared<ManualClock>();
  const auto policy = std::make_shared<const Policy>(LoadPolicy("coder-v1").value());
  const auto transport = NewKeyFailoverTransport(
      std::make_shared<RefusingTransport>(failovers),
      MakeKeyFailoverConfig(*FindProvider("openai"), KeyPool::Create(std::move(keys)).value(),
                            policy, clock));
  asio::io_context context;
  asio::co_spawn(context.get_executor(), SendMany(state, *transport, *clock),
                 [](std::exception_ptr exception) {
                   if (exception) std::rethrow_exception(exception);
                 });
  context.run();
}
BENCHMARK(BM_RequestWithFailovers)->Arg(0)->Arg(1)->Arg(2)->Arg(4);

}  // namespace
}  // namespace keywalk
