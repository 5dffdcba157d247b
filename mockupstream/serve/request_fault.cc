#include "mockupstream/serve/request_fault.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace keywalk::mock {
namespace {

constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

}  // namespace

RequestFault::RequestFault(const FaultScene& scene, io::ServerExchange& exchange,
                           const Fault& fault)
    : exchange_(exchange),
      runner_(scene, exchange, &fault),
      place_(fault.at == Fault::At::kRequestBody ? fault.body_bytes : 0),
      pace_(fault.bytes_per_second) {}

std::uint64_t RequestFault::Room(std::uint64_t bytes) const {
  const bool goes_on = runner_.Is(Fault::Kind::kDrip) || runner_.Is(Fault::Kind::kInterim);
  return goes_on || struck_ ? kNoEnd : place_ - std::min(bytes, place_);
}

Awaitable<bool> RequestFault::Pass(std::uint64_t bytes) {
  if (bytes < place_) co_return true;
  if (runner_.Is(Fault::Kind::kDrip)) co_return co_await Drip(bytes);
  if (std::exchange(struck_, true)) co_return true;
  if (runner_.Is(Fault::Kind::kEarlyResponse)) {
    early_ = MoreThan(bytes);
    if (early_) runner_.Fire();
    co_return !early_;
  }
  if (runner_.Is(Fault::Kind::kStall)) exchange_.WatchUnread();
  const bool goes_on = co_await runner_.Strike();
  ended_ = !goes_on;
  co_return goes_on;
}

bool RequestFault::MoreThan(std::uint64_t bytes) const {
  return exchange_.head().has_body() && bytes < exchange_.head().content_length.value_or(kNoEnd);
}

Awaitable<bool> RequestFault::Drip(std::uint64_t bytes) {
  const std::uint64_t slow = bytes - std::max(std::exchange(seen_, bytes), place_);
  if (slow == 0) co_return true;
  runner_.Fire();
  exchange_.WatchUnread();
  const auto wait = pace_.Take(slow, std::chrono::steady_clock::now());
  const bool elapsed = co_await runner_.Wait(wait);
  ended_ = !elapsed;
  co_return elapsed;
}

}  // namespace keywalk::mock
