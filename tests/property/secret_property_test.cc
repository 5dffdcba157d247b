// Goal: no text, however it strings keys together, shows a key after masking (SPEC secret/1).
// Method: keys from a small alphabet, so that they contain and overlap each other, and texts made
// of keys, parts of keys and noise.
#include <gtest/gtest.h>
// GoogleTest must come before RapidCheck's glue to it.
#include <rapidcheck/gtest.h>

#include "keywalk/secret.h"

namespace keywalk {
namespace {

// Long enough that neither a hint nor chance makes one from the pieces of others.
rc::Gen<std::string> AnyKey() {
  return rc::gen::exec([] {
    const auto size = *rc::gen::inRange<std::size_t>(16, 40);
    return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string("absk-")));
  });
}

// Keys that contain each other and overlap: the end of one is the beginning of another.
rc::Gen<std::vector<std::string>> AnyKeys() {
  return rc::gen::exec([] {
    const std::string first = *AnyKey();
    const std::string second = *AnyKey();
    return std::vector<std::string>{first, second, first.substr(8) + second, second + first + "-"};
  });
}

RC_GTEST_PROP(SecretProperty, AMaskedTextRevealsNoKey, ()) {
  const std::vector<std::string> keys = *AnyKeys();
  std::string text;
  const int parts = *rc::gen::inRange(0, 8);
  for (int i = 0; i < parts; ++i) {
    const std::string& key = keys[*rc::gen::inRange<std::size_t>(0, keys.size())];
    const auto from = *rc::gen::element<std::size_t>(0, 0, 0, 1, 5);
    text += key.substr(from);
    text += *rc::gen::element<std::string>("", "", " ", "\"");
  }
  const SecretMasker masker(keys);
  const std::string masked = masker.Mask(text);
  RC_ASSERT(!masker.Reveals(masked));
  RC_ASSERT(masker.Reveals(text) || masked == text);
}

}  // namespace
}  // namespace keywalk
