#include "conformance/masked_log.h"

#include <utility>

namespace keywalk::conformance {

void MaskedLog::SetSecrets(std::vector<std::string> secrets) {
  const std::lock_guard lock(mutex_);
  masker_ = SecretMasker(std::move(secrets));
}

std::string MaskedLog::Mask(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return masker_.Mask(text);
}

void MaskedLog::Print(std::string_view line) {
  const std::string masked = Mask(line);
  if (sink_) sink_(masked);
  if (masked.empty()) return;
  const std::lock_guard lock(mutex_);
  last_.push_back(masked.substr(0, kMaxKeptBytes));
  if (last_.size() > kept_) last_.pop_front();
}

std::string MaskedLog::TakeLast(std::string_view separator) {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& line : last_) {
    if (!text.empty()) text += separator;
    text += line;
  }
  last_.clear();
  return text;
}

}  // namespace keywalk::conformance
