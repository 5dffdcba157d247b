#include "keywalk/secret.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
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

// In order and apart from each other; of overlapping ones the longest secret's entry stays.
std::vector<Stretch> MergeOverlapping(std::vector<Stretch> found) {
  std::sort(found.begin(), found.end(),
            [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });
  std::vector<Stretch> merged;
  for (const Stretch& stretch : found) {
    if (merged.empty() || stretch.begin >= merged.back().end) {
      merged.push_back(stretch);
      continue;
    }
    merged.back().end = std::max(merged.back().end, stretch.end);
    merged.back().entry = std::min(merged.back().entry, stretch.entry);
  }
  return merged;
}

template <typename ReplacementOf>
std::string Replace(std::string_view text, const std::vector<Stretch>& hidden,
                    ReplacementOf replacement_of) {
  std::string result;
  result.reserve(text.size());
  std::size_t copied_to = 0;
  for (const Stretch& stretch : hidden) {
    result += text.substr(copied_to, stretch.begin - copied_to);
    result += replacement_of(stretch);
    copied_to = stretch.end;
  }
  result += text.substr(copied_to);
  return result;
}

}  // namespace

void WipeMemory(void* memory, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  std::memset(memory, 0, bytes);
  // The compiler has to take it that somebody reads the zeros.
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}

void Wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  WipeContent(text);
}

void WipeContent(std::string& text) noexcept {
  WipeMemory(text.data(), text.size());
  text.clear();
}

void GrowWiped(std::string& text, std::size_t capacity) {
  if (capacity <= text.capacity()) return;
  std::string grown;
  grown.reserve(std::max(capacity, 2 * text.capacity()));
  grown = text;
  Wipe(text);
  text.swap(grown);
}

Secrets& Secrets::operator=(const Secrets& other) {
  if (this != &other) *this = Secrets(other);
  return *this;
}

Secrets& Secrets::operator=(Secrets&& other) noexcept {
  // What was here goes to one who wipes it.
  Secrets replaced(std::move(other));
  secrets_.swap(replaced.secrets_);
  return *this;
}

Secrets::~Secrets() {
  for (std::string& secret : secrets_) Wipe(secret);
}

void Secrets::Append(const Secrets& more) {
  // A vector that grows by itself would leave short strings behind.
  std::vector<std::string> all;
  all.reserve(size() + more.size());
  all.insert(all.end(), secrets_.begin(), secrets_.end());
  all.insert(all.end(), more.secrets_.begin(), more.secrets_.end());
  *this = Secrets(std::move(all));
}

std::string MaskKey(std::string_view key) {
  const std::size_t shown = ShownAtEachEnd(key.size());
  std::string hint(key.substr(0, shown));
  hint += kEllipsis;
  hint += key.substr(key.size() - shown);
  return hint;
}

SecretMasker::SecretMasker(const Secrets& secrets) {
  std::vector<std::string_view> sorted(secrets.begin(), secrets.end());
  std::sort(sorted.begin(), sorted.end(), [](std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::erase(sorted, std::string_view());
  entries_.reserve(sorted.size());
  for (const std::string_view secret : sorted) {
    entries_.emplace_back(secret, MaskKey(secret));
  }
  // A hint shows up to 8 characters: enough to hold a very short secret whole. The short ones are
  // the last: asking for all would take a square of their number.
  constexpr std::size_t kLongestHint = 4 + kEllipsis.size() + 4;
  const auto short_ones =
      std::partition_point(entries_.begin(), entries_.end(),
                           [](const Entry& entry) { return entry.secret.size() > kLongestHint; });
  for (Entry& entry : entries_) {
    const bool reveals = std::any_of(short_ones, entries_.end(), [&entry](const Entry& other) {
      return entry.hint.find(other.secret) != std::string::npos;
    });
    if (reveals) entry.hint = kEllipsis;
  }
}

std::string SecretMasker::Mask(std::string_view text) const {
  std::vector<Stretch> found;
  for (std::size_t entry = 0; entry < entries_.size(); ++entry) {
    const std::string& secret = entries_[entry].secret;
    // From the next character on, not from the end: an overlapping repetition hides both.
    for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 1)) {
      if (!found.empty() && found.back().entry == entry && at <= found.back().end) {
        found.back().end = at + secret.size();  // a run of overlapping ones is one stretch
      } else {
        found.push_back({at, at + secret.size(), entry});
      }
    }
  }
  if (found.empty()) return std::string(text);
  const std::vector<Stretch> hidden = MergeOverlapping(std::move(found));
  std::string masked =
      Replace(text, hidden, [this](const Stretch& s) { return entries_[s.entry].hint; });
  // What a hint shows may complete another secret together with the text beside it.
  if (Reveals(masked)) {
    masked = Replace(text, hidden, [](const Stretch&) { return kEllipsis; });
  }
  return masked;
}

bool SecretMasker::Reveals(std::string_view text) const {
  // The shortest come last, and a text holds none that is longer than it.
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->secret.size() > text.size()) return false;
    if (text.find(entry->secret) != std::string_view::npos) return true;
  }
  return false;
}

std::size_t SecretMasker::ShownOfCut(std::string_view text) const {
  std::size_t shown = text.size();
  for (std::size_t entry = 0; entry < entries_.size();) {
    const std::string_view secret = entries_[entry].secret;
    std::size_t length = std::min(shown, secret.size() - 1);
    while (length > 0 && !text.substr(0, shown).ends_with(secret.substr(0, length))) --length;
    shown -= length;
    // A shorter text may end in the middle of a secret that was asked before.
    entry = length > 0 ? 0 : entry + 1;
  }
  return shown;
}

}  // namespace keywalk
