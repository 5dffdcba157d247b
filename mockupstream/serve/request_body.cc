#include "mockupstream/serve/request_body.h"

#include <algorithm>
#include <string_view>

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

}  // namespace

BodyReader::BodyReader(io::ServerExchange& exchange, BodyLimits limits)
    : limits_(limits), body_(exchange.body()) {
  if (limits_.digest) digest_.emplace();
  const std::uint64_t length = exchange.head().content_length.value_or(0);
  record_.kept.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(
      length, std::min<std::uint64_t>(limits_.keep_bytes, limits_.max_bytes))));
  if (length <= limits_.max_bytes) return;
  record_.refusal = 413;
  over_ = true;
}

bool BodyReader::TryRead() {
  while (!over_) {
    const std::optional<BodyChunk> chunk = body_->TryRead();
    if (!chunk) return false;
    Take(*chunk, nullptr);
  }
  Finish();
  return true;
}

Awaitable<void> BodyReader::Read(BodyGate* gate) {
  bool go_on = true;
  if (gate != nullptr) go_on = co_await gate->Pass(0);
  while (go_on && !over_) {
    const BodyChunk chunk = co_await body_->Read();
    Take(chunk, gate);
    if (gate != nullptr && !over_) go_on = co_await gate->Pass(record_.bytes);
  }
  Finish();
}

void BodyReader::Take(const BodyChunk& chunk, const BodyGate* gate) {
  over_ = true;
  if (chunk.failed()) {
    record_.refusal = RefusalFor(chunk.error().kind);
    return;
  }
  if (chunk.at_end()) {
    record_.complete = true;
    return;
  }
  std::string_view bytes = chunk.bytes();
  if (gate != nullptr) {
    const std::uint64_t room = std::min<std::uint64_t>(gate->Room(record_.bytes), bytes.size());
    bytes = bytes.substr(0, static_cast<std::size_t>(room));
  }
  record_.bytes += bytes.size();
  if (record_.bytes > limits_.max_bytes) {
    record_.refusal = 413;
    return;
  }
  if (digest_) digest_->Update(bytes);
  record_.kept += bytes.substr(0, limits_.keep_bytes - record_.kept.size());
  over_ = false;
}

void BodyReader::Finish() {
  if (digest_) record_.sha256 = digest_->Finish();
}

Awaitable<std::string> ReadRequestText(io::ServerExchange& exchange, std::uint64_t max_bytes,
                                       BodyRecord& record) {
  const BodyLimits limits{max_bytes, static_cast<std::size_t>(max_bytes), false};
  BodyReader reader(exchange, limits);
  co_await reader.Read();
  record = std::move(reader.record());
  co_return std::move(record.kept);
}

}  // namespace keywalk::mock
