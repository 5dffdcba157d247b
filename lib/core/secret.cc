#include "keywalk/secret.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace keywalk {
namespace {

constexpr std::string_view kEllipsis = "...";

// How many characters a hint shows at each end of a key of that size.
std::size_t ShownAtEachEnd(std::size_t key_size) noexcept {
  if (key_size >= 20) return 4;
  if (key_size >= 10) return 2;
  if (key_size >= 5) return 1;
  return 0;
}

// A stretch of text that must not be shown, and what stands in for it.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t entry = 0;  // longer secrets have smaller numbers
};

}  // namespace

std::string MaskKey(std::string_view key) {
  const std::size_t shown = ShownAtEachEnd(key.size());
  std::string hint(key.substr(0, shown));
  hint += kEllipsis;
  hint += key.substr(key.size() - shown);
  return hint;
}

SecretMasker::SecretMasker(std::vector<std::string> secrets) {
  std::sort(secrets.begin(), secrets.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
  std::erase(secrets, std::string());
  entries_.reserve(secrets.size());
  for (const std::string& secret : secrets) entries_.push_back({secret, MaskKey(secret)});
  // A hint shows up to 8 characters: enough to hold a very short secret whole.
  for (Entry& entry : entries_) {
    if (Reveals(entry.hint)) entry.hint = kEllipsis;
  }
}

std::string SecretMasker::Mask(std::string_view text) const {
  std::vector<Stretch> found;
  for (std::size_t entry = 0; entry < entries_.size(); ++entry) {
    const std::string& secret = entries_[entry].secret;
    // From the next character on, not from the end: an overlapping repetition hides both.
    for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 1)) {
      found.push_back({at, at + secret.size(), entry});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });

  std::string masked;
  masked.reserve(text.size());
  std::size_t shown_to = 0;
  for (std::size_t i = 0; i < found.size();) {
    Stretch merged = found[i];
    for (++i; i < found.size() && found[i].begin < merged.end; ++i) {
      merged.end = std::max(merged.end, found[i].end);
      merged.entry = std::min(merged.entry, found[i].entry);
    }
    masked += text.substr(shown_to, merged.begin - shown_to);
    masked += entries_[merged.entry].hint;
    shown_to = merged.end;
  }
  masked += text.substr(shown_to);
  return masked;
}

bool SecretMasker::Reveals(std::string_view text) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return text.find(entry.secret) != std::string_view::npos;
  });
}

}  // namespace keywalk
