#include "mockupstream/request_body.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "mockupstream/sha256.h"

namespace keywalk::mock {
namespace {

int RefusalFor(TransportError::Kind kind) {
  switch (kind) {
    case TransportError::Kind::kProtocol:
      return 400;
    case TransportError::Kind::kTimeout:
      return 408;
    default:
      return 0;
  }
}

// Gives every piece to `take`, which outlives the awaitable, and keeps account in `record`.
Awaitable<void> ReadPieces(io::ServerExchange& exchange, std::uint64_t max_bytes, BodyGate* gate,
                           const std::function<void(std::string_view)>& take, BodyRecord& record) {
  if (gate != nullptr) {
    const bool go_on = co_await gate->Pass(0);
    if (!go_on) co_return;
  }
  if (exchange.head().content_length.value_or(0) > max_bytes) {
    record.refusal = 413;
    co_return;
  }
  const std::shared_ptr<BodySource> body = exchange.body();
  for (;;) {
    const BodyChunk chunk = co_await body->Read();
    if (chunk.failed()) {
      record.refusal = RefusalFor(chunk.error().kind);
      co_return;
    }
    if (chunk.at_end()) break;
    std::string_view bytes = chunk.bytes();
    if (gate != nullptr) {
      const std::uint64_t room = std::min<std::uint64_t>(gate->Room(record.bytes), bytes.size());
      bytes = bytes.substr(0, static_cast<std::size_t>(room));
    }
    record.bytes += bytes.size();
    if (record.bytes > max_bytes) {
      record.refusal = 413;
      co_return;
    }
    take(bytes);
    if (gate == nullptr) continue;
    const bool go_on = co_await gate->Pass(record.bytes);
    if (!go_on) co_return;
  }
  record.complete = true;
}

}  // namespace

Awaitable<BodyRecord> ReadRequestBody(io::ServerExchange& exchange, BodyLimits limits,
                                      BodyGate* gate) {
  BodyRecord record;
  std::optional<Sha256> digest;
  if (limits.digest) digest.emplace();
  if (const auto length = exchange.head().content_length) {
    record.kept.reserve(std::min<std::uint64_t>(*length, limits.keep_bytes));
  }
  const std::function<void(std::string_view)> take = [&](std::string_view bytes) {
    if (digest) digest->Update(bytes);
    record.kept += bytes.substr(0, limits.keep_bytes - record.kept.size());
  };
  co_await ReadPieces(exchange, limits.max_bytes, gate, take, record);
  if (digest) record.sha256 = digest->FinishHex();
  co_return record;
}

Awaitable<std::string> ReadRequestText(io::ServerExchange& exchange, std::uint64_t max_bytes,
                                       BodyRecord& record) {
  std::string text;
  const std::function<void(std::string_view)> take = [&text](std::string_view bytes) {
    text += bytes;
  };
  co_await ReadPieces(exchange, max_bytes, nullptr, take, record);
  co_return text;
}

}  // namespace keywalk::mock
