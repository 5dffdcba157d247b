// Reads a text from left to right, for the small grammars beside it. Every method either takes what
// it names and moves on, or takes nothing and says so. The text must outlive the scanner.
#ifndef KEYWALK_CORE_SCANNER_H_
#define KEYWALK_CORE_SCANNER_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace keywalk {

class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  bool done() const noexcept { return rest_.empty(); }

  bool Take(std::string_view literal) noexcept {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  // Exactly `count` digits; their value goes to `number`, which stays as it is without them.
  // REQUIRES: count <= 9
  bool TakeNumber(std::size_t count, int& number) noexcept {
    if (rest_.size() < count) return false;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (!IsDigit(c)) return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    number = value;
    return true;
  }

  // As many digits as there are: `*DIGIT`.
  std::string_view TakeDigitRun() noexcept {
    std::size_t count = 0;
    while (count < rest_.size() && IsDigit(rest_[count])) ++count;
    const std::string_view digits = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return digits;
  }

  // The position of the first name in the list that stands here.
  std::optional<std::size_t> TakeOneOf(std::span<const std::string_view> names) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (Take(names[i])) return i;
    }
    return std::nullopt;
  }

 private:
  static constexpr bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

  std::string_view rest_;
};

}  // namespace keywalk

#endif  // KEYWALK_CORE_SCANNER_H_
