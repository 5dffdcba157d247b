#include "io/prefixed_body.h"

#include <chrono>
#include <optional>
#include <utility>

namespace keywalk::io {
namespace {

// An error body that takes longer than this is judged by its status alone.
constexpr std::chrono::seconds kMaxPeekTime{5};

// Yields `prefix`, then what `rest` has left, or the error it ended with.
class PrefixedBody final : public ResponseBody {
 public:
  PrefixedBody(std::string prefix, std::unique_ptr<ResponseBody> rest, bool rest_ended,
               std::optional<TransportError> failure, std::optional<std::uint64_t> size)
      : prefix_(std::move(prefix)),
        rest_(std::move(rest)),
        rest_ended_(rest_ended),
        failure_(std::move(failure)),
        size_(size) {}

  std::optional<std::uint64_t> size() const override { return size_; }
  bool ready() const override {
    return (!given_ && !prefix_.empty()) || rest_ended_ || rest_->ready();
  }

  Awaitable<BodyChunk> Read() override {
    if (!std::exchange(given_, true) && !prefix_.empty()) co_return BodyChunk(prefix_);
    if (failure_) co_return BodyChunk(std::move(*failure_));
    if (rest_ended_) co_return BodyChunk();
    co_return co_await rest_->Read();
  }

  void Cancel() override {
    if (rest_ != nullptr) rest_->Cancel();
  }

  const Headers& trailers() const override { return rest_ != nullptr ? rest_->trailers() : none_; }

  void LimitTime(std::optional<std::chrono::milliseconds> time) override {
    if (rest_ != nullptr) rest_->LimitTime(time);
  }

  Awaitable<void> Discard(DiscardLimits limits) override {
    if (!rest_ended_ && !failure_) co_await rest_->Discard(limits);
  }

 private:
  const std::string prefix_;
  const std::unique_ptr<ResponseBody> rest_;  // may be null if it has ended
  const bool rest_ended_;
  std::optional<TransportError> failure_;
  const std::optional<std::uint64_t> size_;
  const Headers none_;
  bool given_ = false;
};

}  // namespace

std::unique_ptr<ResponseBody> MakeStringBody(std::string text) {
  const std::uint64_t size = text.size();
  return std::make_unique<PrefixedBody>(std::move(text), nullptr, true, std::nullopt, size);
}

Awaitable<std::string> PeekBody(Response& response, std::size_t max_bytes) {
  std::string prefix;
  std::optional<TransportError> failure;
  const std::optional<std::uint64_t> size = response.body->size();
  bool ended = false;
  response.body->LimitTime(kMaxPeekTime);
  while (prefix.size() < max_bytes) {
    const BodyChunk piece = co_await response.body->Read();
    if (piece.failed()) failure = piece.error();
    ended = piece.at_end();
    if (piece.failed() || ended) break;
    prefix.append(piece.bytes());
  }
  response.body->LimitTime(std::nullopt);
  std::string copy = prefix;
  response.body = std::make_unique<PrefixedBody>(std::move(prefix), std::move(response.body), ended,
                                                 std::move(failure), size);
  co_return copy;
}

}  // namespace keywalk::io
