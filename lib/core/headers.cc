#include "keywalk/headers.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <limits>

#include "core/byte_set.h"

namespace keywalk {
namespace {

constexpr char ToLower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// tchar, RFC 9110 section 5.6.2.
constexpr ByteSet kIsTokenChar(kLettersAndDigits, "!#$%&'*+-.^_`|~");

constexpr std::uint64_t kOnes = 0x0101010101010101;

// Not zero if and only if one of the eight bytes is zero.
constexpr std::uint64_t ZeroBytes(std::uint64_t word) noexcept {
  return (word - kOnes) & ~word & (kOnes << 7);
}

// True if one of them is CR, LF or NUL.
constexpr bool HasLineEnd(std::uint64_t word) noexcept {
  return (ZeroBytes(word) | ZeroBytes(word ^ kOnes * '\r') | ZeroBytes(word ^ kOnes * '\n')) != 0;
}

// True if `view` lies in `buffer`: it would dangle as soon as the buffer changes.
bool PointsInto(std::string_view buffer, std::string_view view) noexcept {
  const std::less<const char*> before;
  return !view.empty() && !before(view.data(), buffer.data()) &&
         before(view.data(), buffer.data() + buffer.size());
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || ToLower(x) == ToLower(y);
         });
}

std::string_view TrimWhitespace(std::string_view text) noexcept {
  constexpr std::string_view kWhitespace = " \t";
  const std::size_t first = text.find_first_not_of(kWhitespace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhitespace) - first + 1);
}

bool IsValidHeaderName(std::string_view name) noexcept {
  bool valid = !name.empty();
  for (const char c : name) valid &= kIsTokenChar(c);
  return valid;
}

bool IsValidHeaderValue(std::string_view value) noexcept {
  // By words: values are long, nearly all are valid, and every one is checked.
  std::uint64_t word = 0;
  while (value.size() >= sizeof word) {
    std::memcpy(&word, value.data(), sizeof word);
    if (HasLineEnd(word)) return false;
    value.remove_prefix(sizeof word);
  }
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : fields) bytes += name.size() + value.size();
  Reserve(fields.size(), bytes);
  for (const auto& [name, value] : fields) Add(name, value);
}

void Headers::Add(std::string_view name, std::string_view value) {
  assert(IsValidHeaderName(name) && IsValidHeaderValue(value));
  Append(name, value);
}

bool Headers::AddIfValid(std::string_view name, std::string_view value) {
  if (!IsValidHeaderName(name) || !IsValidHeaderValue(value)) return false;
  Append(name, value);
  return true;
}

void Headers::Append(std::string_view name, std::string_view value) {
  assert(!PointsInto(text_, name) && !PointsInto(text_, value));
  assert(text_.size() + name.size() + value.size() <= std::numeric_limits<std::uint32_t>::max());
  Span span;
  span.name_offset = static_cast<std::uint32_t>(text_.size());
  span.name_size = static_cast<std::uint32_t>(name.size());
  span.value_offset = span.name_offset + span.name_size;
  span.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(name).append(value);
  fields_.push_back(span);
}

void Headers::Set(std::string_view name, std::string_view value) {
  assert(!PointsInto(text_, name) && !PointsInto(text_, value));
  Erase(name);
  Add(name, value);
}

std::size_t Headers::Erase(std::string_view name) {
  // The text stays untouched until all names are compared: `name` may be one of ours.
  const std::size_t erased =
      std::erase_if(fields_, [&](const Span& span) { return IsNamed(span, name); });
  if (erased == 0) return 0;
  // Close the gaps, so that nothing of a removed credential stays and repeated Set does not grow.
  // Spans are in text order and each name is followed by its value.
  std::uint32_t end = 0;
  for (Span& span : fields_) {
    const std::uint32_t size = span.name_size + span.value_size;
    std::copy_n(text_.begin() + span.name_offset, size, text_.begin() + end);
    span.name_offset = end;
    span.value_offset = end + span.name_size;
    end += size;
  }
  std::fill(text_.begin() + end, text_.end(), '\0');
  text_.resize(end);
  return erased;
}

std::optional<std::string_view> Headers::Find(std::string_view name) const noexcept {
  for (const Span& span : fields_) {
    if (IsNamed(span, name)) {
      return std::string_view(text_.data() + span.value_offset, span.value_size);
    }
  }
  return std::nullopt;
}

// Most names differ in their length already.
bool Headers::IsNamed(const Span& span, std::string_view name) const noexcept {
  return span.name_size == name.size() &&
         EqualsIgnoreCase({text_.data() + span.name_offset, span.name_size}, name);
}

bool Headers::HasToken(std::string_view name, std::string_view token) const noexcept {
  for (const Field field : *this) {
    if (!EqualsIgnoreCase(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (EqualsIgnoreCase(TrimWhitespace(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

Headers::Field Headers::operator[](std::size_t index) const noexcept {
  assert(index < fields_.size());
  const Span& span = fields_[index];
  return {{text_.data() + span.name_offset, span.name_size},
          {text_.data() + span.value_offset, span.value_size}};
}

void Headers::Clear() noexcept {
  text_.clear();
  fields_.clear();
}

void Headers::Reserve(std::size_t fields, std::size_t bytes) {
  fields_.reserve(fields);
  text_.reserve(bytes);
}

}  // namespace keywalk
