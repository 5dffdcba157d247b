// What the failover transport costs beside the upstream call: one attempt more, with the same body
// sent again. The inner transport answers at once, in process, so that only our own work is timed.
//
// ReplayRecorded writes each attempt's body to /dev/null straight from the recording;
// ReplayByCopying does what a request object that owns its body has to do, a copy for each attempt.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/measured_loop.h"
#include "io/prefixed_body.h"
#include "keywalk/config.h"
#include "keywalk/key_failover.h"
#include "keywalk/recorded_body.h"

namespace keywalk::bench {
namespace {

// Takes everything, as fast as a system call is.
class NullSink {
 public:
  NullSink() : descriptor_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {}
  ~NullSink() { ::close(descriptor_); }
  NullSink(const NullSink&) = delete;
  NullSink& operator=(const NullSink&) = delete;

  void Write(const RecordedBody& body) {
    std::array<iovec, 64> parts;
    for (std::size_t next = 0; next < body.chunk_count();) {
      std::size_t count = 0;
      for (; count < parts.size() && next < body.chunk_count(); ++count, ++next) {
        const std::string_view chunk = body.chunk(next);
        parts[count] = {const_cast<char*>(chunk.data()), chunk.size()};
      }
      benchmark::DoNotOptimize(::writev(descriptor_, parts.data(), static_cast<int>(count)));
    }
  }
  void Write(const std::string& body) {
    benchmark::DoNotOptimize(::write(descriptor_, body.data(), body.size()));
  }

 private:
  const int descriptor_;
};

enum class SendBody { kNot, kRecorded, kCopied };

// Refuses the first `refusals` attempts of each request, then answers 200.
class RefusingTransport final : public Transport {
 public:
  RefusingTransport(std::size_t refusals, SendBody send_body)
      : refusals_(refusals), send_body_(send_body) {}

  Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation&) override {
    Send(*request.recorded_body);
    const bool refuse = attempts_++ % (refusals_ + 1) < refusals_;
    Response response;
    response.status = refuse ? 429 : 200;
    response.headers.Add("Content-Type", "application/json");
    if (refuse) response.headers.Add("retry-after-ms", "1");
    response.body = io::MakeStringBody("{}");
    co_return std::move(response);
  }

 private:
  void Send(const RecordedBody& body) {
    if (send_body_ == SendBody::kRecorded) sink_.Write(body);
    if (send_body_ == SendBody::kCopied) {
      std::string copy;
      copy.reserve(body.size());
      for (std::size_t i = 0; i < body.chunk_count(); ++i) copy.append(body.chunk(i));
      sink_.Write(copy);
    }
  }

  const std::size_t refusals_;
  const SendBody send_body_;
  NullSink sink_;
  std::size_t attempts_ = 0;
};

std::shared_ptr<const RecordedBody> BodyOf(std::size_t bytes) {
  auto body = std::make_shared<RecordedBody>(bytes);
  body->Append(std::string(bytes, 'x'));
  return body;
}

Awaitable<void> SendMany(benchmark::State& state, Transport& transport, ManualClock& clock,
                         std::size_t body_bytes) {
  Request request;
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.headers = Headers{{"Content-Type", "application/json"}, {"User-Agent", "bench"}};
  request.recorded_body = BodyOf(body_bytes);
  const AllocationReport allocations(state);
  for (auto _ : state) {
    Cancellation cancel;
    RoundTripResult result = co_await transport.RoundTrip(request, cancel);
    if (!result.ok() || result->status != 200) state.SkipWithError("the request failed");
    clock.Advance(std::chrono::milliseconds(2));  // every key is valid again for the next request
  }
}

void SendRequests(benchmark::State& state, std::size_t attempts, SendBody send_body,
                  std::size_t body_bytes) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < attempts; ++i) keys.push_back("bench-key-" + std::to_string(i));
  const auto clock = std::make_shared<ManualClock>();
  const auto policy = std::make_shared<const Policy>(LoadPolicy("coder-v1").value());
  const auto transport = NewKeyFailoverTransport(
      std::make_shared<RefusingTransport>(attempts - 1, send_body),
      MakeKeyFailoverConfig(*FindProvider("openai"), KeyPool::Create(std::move(keys)).value(),
                            policy, clock));
  asio::io_context context;
  asio::co_spawn(context.get_executor(), SendMany(state, *transport, *clock, body_bytes),
                 [](std::exception_ptr exception) {
                   if (exception) std::rethrow_exception(exception);
                 });
  context.run();
}

void TransportAttempts(benchmark::State& state) {
  SendRequests(state, static_cast<std::size_t>(state.range(0)), SendBody::kNot, 1024);
}
BENCHMARK(TransportAttempts)->ArgName("attempts")->Arg(1)->Arg(2)->Arg(3)->Arg(5);

void Replay(benchmark::State& state, SendBody send_body) {
  SendRequests(state, static_cast<std::size_t>(state.range(0)), send_body,
               static_cast<std::size_t>(state.range(1)));
}
void ReplayRecorded(benchmark::State& state) { Replay(state, SendBody::kRecorded); }
void ReplayByCopying(benchmark::State& state) { Replay(state, SendBody::kCopied); }

void AttemptsAndSizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"attempts", "bytes"})->ArgsProduct({{1, 2, 4}, {1 << 10, 1 << 20, 16 << 20}});
}
BENCHMARK(ReplayRecorded)->Apply(AttemptsAndSizes);
BENCHMARK(ReplayByCopying)->Apply(AttemptsAndSizes);

}  // namespace
}  // namespace keywalk::bench
