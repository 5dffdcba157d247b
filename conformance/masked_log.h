// What an implementation prints, without the secrets that it was given.
#ifndef KEYWALK_CONFORMANCE_MASKED_LOG_H_
#define KEYWALK_CONFORMANCE_MASKED_LOG_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/secret.h"

namespace keywalk::conformance {

// Masks lines, hands them on, and keeps the last ones for an error message. Safe for concurrent
// use.
class MaskedLog {
 public:
  using LineSink = std::function<void(std::string_view)>;

  // `sink` may be empty. The last `kept` lines are kept, each cut at kMaxKeptBytes.
  explicit MaskedLog(LineSink sink, std::size_t kept = 1) : sink_(std::move(sink)), kept_(kept) {}

  void SetSecrets(std::vector<std::string> secrets);
  std::string Mask(std::string_view text) const;
  void Print(std::string_view line);
  // The last lines printed that are not empty, joined by `separator`; then forgets them.
  std::string TakeLast(std::string_view separator = "\n");

 private:
  static constexpr std::size_t kMaxKeptBytes = 2'000;

  const LineSink sink_;
  const std::size_t kept_;
  mutable std::mutex mutex_;
  SecretMasker masker_;
  std::deque<std::string> last_;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_MASKED_LOG_H_
