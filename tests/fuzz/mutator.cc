#include "tests/fuzz/mutator.h"

#include <utility>

namespace keywalk::fuzz {
namespace {

using namespace std::string_view_literals;

// Bytes that end, begin or escape something somewhere.
constexpr std::string_view kSpecial = "\0\t\n\r \"'\\/:;,.{}[]0199-+%\x7f\x80\xff"sv;

constexpr std::size_t kMostBytes = 16 * 1024;

}  // namespace

Mutator::Mutator(std::uint64_t seed, const std::vector<std::string>& inputs,
                 std::vector<std::string_view> words)
    : engine_(seed), inputs_(inputs), words_(std::move(words)) {}

std::size_t Mutator::Below(std::size_t bound) {
  // Not by a distribution: what it makes of the engine differs from one library to the next.
  return static_cast<std::size_t>(engine_() % bound);
}

std::string_view Mutator::Piece(std::string_view text) {
  if (text.empty()) return text;
  constexpr std::size_t kMostTaken = 64;
  return text.substr(Below(text.size()), 1 + Below(kMostTaken));
}

void Mutator::Change(std::string& text) {
  const std::size_t at = Below(text.size() + 1);
  switch (Below(words_.empty() ? 6 : 8)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
      return;
    case 1:
      if (at < text.size()) text[at] = kSpecial[Below(kSpecial.size())];
      return;
    case 2:
      text.insert(at, 1, kSpecial[Below(kSpecial.size())]);
      return;
    case 3:
      text.erase(at, 1 + Below(16));
      return;
    case 4:
      text.insert(at, std::string(Piece(text)));
      return;
    case 5:
      text.insert(at, Piece(inputs_[Below(inputs_.size())]));
      return;
    case 6:
      text.insert(at, words_[Below(words_.size())]);
      return;
    default: {
      const std::string_view word = words_[Below(words_.size())];
      text.replace(at, word.size(), word);
      return;
    }
  }
}

std::string Mutator::Next() {
  std::string text = inputs_[Below(inputs_.size())];
  for (std::size_t changes = 1 + Below(4); changes > 0; --changes) Change(text);
  if (text.size() > kMostBytes) text.resize(kMostBytes);
  return text;
}

}  // namespace keywalk::fuzz
