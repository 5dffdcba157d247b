// Sets of bytes, as the grammars of RFC 9110 and RFC 3986 name them.
#ifndef KEYWALK_CORE_BYTE_SET_H_
#define KEYWALK_CORE_BYTE_SET_H_

#include <array>
#include <string_view>

namespace keywalk {

inline constexpr std::string_view kLettersAndDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// A table: every field of every message is checked.
class ByteSet {
 public:
  // All bytes of both.
  constexpr explicit ByteSet(std::string_view some, std::string_view more = {}) {
    for (const char c : some) table_[static_cast<unsigned char>(c)] = true;
    for (const char c : more) table_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool operator()(char c) const noexcept { return table_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> table_{};
};

}  // namespace keywalk

#endif  // KEYWALK_CORE_BYTE_SET_H_
