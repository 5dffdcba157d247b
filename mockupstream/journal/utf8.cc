#include "mockupstream/journal/utf8.h"

namespace keywalk::mock {
namespace {

bool Between(char c, unsigned char low, unsigned char high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

// The size of the character that `text` begins with; 0 if it begins with none.
std::size_t CharacterSize(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  // What the second byte may be is where overlong forms, surrogates and the end are excluded.
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (!Between(text[1], low, high)) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!Between(text[i], 0x80, 0xBF)) return 0;
  }
  return size;
}

}  // namespace

std::size_t Utf8Prefix(std::string_view text) {
  std::size_t whole = 0;
  while (const std::size_t size = CharacterSize(text.substr(whole))) whole += size;
  return whole;
}

}  // namespace keywalk::mock
