#include "sim/run/client_retry.h"

#include <algorithm>
#include <boost/random/uniform_01.hpp>

namespace keywalk::sim {
namespace {

// openai-python and anthropic-sdk-python, `_should_retry`: 408, 409, 429, 5xx; a connection that
// fails and a timeout too. An answer that has begun is never asked for again.
bool IsRetried(const ClientAnswer& answer) {
  switch (answer.outcome) {
    case Outcome::kSuccess:
    case Outcome::kTruncated:
      return false;
    case Outcome::kDeadline:
    case Outcome::kRestarted:
      return true;
    default:
      break;
  }
  const int status = answer.status;
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

}  // namespace

std::optional<Duration> WaitBeforeRetry(const ClientRetries& retries, const SimRequest& request,
                                        const ClientAnswer& answer, std::uint64_t seed) {
  if (request.retry >= retries.max || !IsRetried(answer)) return std::nullopt;
  if (answer.retry_after && *answer.retry_after > Duration::zero() &&
      *answer.retry_after <= retries.max_retry_after) {
    return *answer.retry_after;
  }
  // Doubling ends well before a shift could overflow.
  const std::int64_t doublings = std::min<std::int64_t>(request.retry, 20);
  const Milliseconds wait =
      std::min(retries.initial * (std::int64_t{1} << doublings), retries.longest);
  RandomEngine engine = EngineFor(seed, Stream::kBackoff, request.call, request.retry);
  const double kept = 1 - retries.jitter * boost::random::uniform_01<double>()(engine);
  const double us = static_cast<double>(wait.count()) * 1000 * kept;
  return std::chrono::microseconds(static_cast<std::int64_t>(us));
}

}  // namespace keywalk::sim
