#include "tests/fuzz/expect.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace keywalk::fuzz {
namespace {

// What no hint shows of a key: four bytes at either end are shown.
std::string_view Hidden(std::string_view key) { return key.substr(4, key.size() - 8); }

std::string WithoutWholeKeys(std::string text) {
  for (const std::string_view key : {kFirstKey, kSecondKey}) {
    for (std::size_t at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
      text.replace(at, key.size(), "-");
    }
  }
  return text;
}

}  // namespace

void Expect(bool holds, std::string_view property, std::string_view shown) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken: %.*s\n", static_cast<int>(property.size()), property.data());
  if (!shown.empty()) {
    std::fprintf(stderr, "--- shown by:\n%.*s\n---\n", static_cast<int>(shown.size()),
                 shown.data());
  }
  std::abort();
}

bool RevealsKey(std::string_view text) {
  return text.find(Hidden(kFirstKey)) != text.npos || text.find(Hidden(kSecondKey)) != text.npos;
}

void ExpectNoKey(std::string_view text) { Expect(!RevealsKey(text), "no key is shown", text); }

void ExpectNoKeyOf(std::string_view input, std::string_view text) {
  if (!RevealsKey(WithoutWholeKeys(std::string(input)))) return ExpectNoKey(text);
  const bool whole = text.find(kFirstKey) != text.npos || text.find(kSecondKey) != text.npos;
  Expect(!whole, "no whole key is shown", text);
}

void ExpectRefusal(std::string_view message, std::string_view source) {
  const bool says_where = message.starts_with(source) && message.size() > source.size() + 2;
  Expect(says_where, "an error says where and what", message);
  const bool printable = std::ranges::none_of(message, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  Expect(printable, "an error is one line that a terminal can show", message);
  ExpectNoKey(message);
}

}  // namespace keywalk::fuzz
