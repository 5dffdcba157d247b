// What recording a request's body for replay costs, beside the least that any copy costs (memcpy
// into memory that is reserved and already touched) and beside one string that grows.
//
// The body comes in pieces, as from a socket. The bars are ratios to ReserveAndCopy in one run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "bench/measured_loop.h"
#include "keywalk/recorded_body.h"

namespace keywalk::bench {
namespace {

// As much as one read of a socket gives.
constexpr std::size_t kPieceBytes = 64 * 1024;

// Gives a body of `size` bytes to `take`, piece by piece.
template <typename Take>
void ReadPieces(std::string_view piece, std::size_t size, Take take) {
  for (std::size_t left = size; left > 0;) {
    const std::string_view part = piece.substr(0, left);
    take(part);
    left -= part.size();
  }
}

std::string PieceFor(std::size_t size) { return std::string(std::min(size, kPieceBytes), 'x'); }

void RecordBody(benchmark::State& state, bool known_length) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string piece = PieceFor(size);
  const AllocationReport allocations(state);
  for (auto _ : state) {
    RecordedBody body(known_length ? size : 0);
    ReadPieces(piece, size, [&body](std::string_view part) { body.Append(part); });
    benchmark::DoNotOptimize(body.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
void RecordBodyKnownLength(benchmark::State& state) { RecordBody(state, true); }
void RecordBodyUnknownLength(benchmark::State& state) { RecordBody(state, false); }

// The bound: what no recording can be faster than, since the bytes have to be copied.
void ReserveAndCopy(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string piece = PieceFor(size);
  const std::unique_ptr<char[]> memory = std::make_unique<char[]>(size);
  std::memset(memory.get(), 'w', size);
  const AllocationReport allocations(state);
  for (auto _ : state) {
    char* end = memory.get();
    ReadPieces(piece, size, [&end](std::string_view part) {
      std::memcpy(end, part.data(), part.size());
      end += part.size();
    });
    benchmark::DoNotOptimize(end);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// The naive way: one string that grows.
void AppendToString(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string piece = PieceFor(size);
  const AllocationReport allocations(state);
  for (auto _ : state) {
    std::string body;
    ReadPieces(piece, size, [&body](std::string_view part) { body.append(part); });
    benchmark::DoNotOptimize(body.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void BodySizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("bytes");
  for (const std::int64_t kib : {1, 64, 1024, 16 * 1024, 64 * 1024}) bench->Arg(kib * 1024);
}
BENCHMARK(RecordBodyKnownLength)->Apply(BodySizes);
BENCHMARK(RecordBodyUnknownLength)->Apply(BodySizes);
BENCHMARK(ReserveAndCopy)->Apply(BodySizes);
BENCHMARK(AppendToString)->Apply(BodySizes);

}  // namespace
}  // namespace keywalk::bench
