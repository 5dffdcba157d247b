#include "bench/bench_samples.h"

#include <string>
#include <utility>
#include <vector>

namespace keywalk::bench {

std::shared_ptr<KeyPool> PoolOf(std::size_t count) {
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back("sk-bench-0123456789abcdefghijklmnopqrstuvwxyz-" + std::to_string(i));
  }
  return KeyPool::Create(std::move(keys)).value();
}

std::shared_ptr<KeyPool> CoolingPoolOf(std::size_t count) {
  std::shared_ptr<KeyPool> pool = PoolOf(count);
  for (KeyIndex key = 0; key < count; ++key) {
    pool->MarkTemporary(key, std::chrono::minutes(1), MarkReason::kRateLimited, kNow);
  }
  return pool;
}

std::shared_ptr<KeyPool> PermanentPoolOf(std::size_t count) {
  std::shared_ptr<KeyPool> pool = PoolOf(count);
  for (KeyIndex key = 0; key < count; ++key) pool->MarkPermanent(key);
  return pool;
}

const Headers& ClientHeaders() {
  static const Headers kHeaders{{"Host", "localhost:8080"},
                                {"Accept", "application/json"},
                                {"Authorization", "Bearer client-token-0123456789"},
                                {"Content-Type", "application/json"},
                                {"User-Agent", "OpenAI/Python 1.82.0"},
                                {"X-Stainless-Lang", "python"},
                                {"X-Stainless-Package-Version", "1.82.0"},
                                {"X-Stainless-OS", "Linux"},
                                {"X-Stainless-Arch", "x64"},
                                {"X-Stainless-Runtime", "CPython"},
                                {"X-Stainless-Retry-Count", "0"},
                                {"Accept-Encoding", "gzip, deflate"}};
  return kHeaders;
}

const Headers& RefusalHeaders() {
  static const Headers kHeaders{{"Date", "Thu, 07 May 2026 15:46:36 GMT"},
                                {"Content-Type", "application/json"},
                                {"Content-Length", "211"},
                                {"x-request-id", "req_0123456789abcdef"},
                                {"x-ratelimit-limit-requests", "500"},
                                {"x-ratelimit-remaining-requests", "0"},
                                {"x-ratelimit-reset-requests", "6m0s"},
                                {"Retry-After", "20"}};
  return kHeaders;
}

ResponseFacts ResponseOf(int status, const ErrorFacts* error) {
  ResponseFacts response;
  response.status = status;
  response.headers = &RefusalHeaders();
  response.error = error;
  return response;
}

}  // namespace keywalk::bench
