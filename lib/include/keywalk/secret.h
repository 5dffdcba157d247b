// What may be shown of a key: its masked hint and nothing else (SPEC secret/1).
#ifndef KEYWALK_SECRET_H_
#define KEYWALK_SECRET_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk {

// The masked hint of a key: 20 characters and more keep 4+4 ("sk-a...wxyz"), from 10 on 2+2, from 5
// on 1+1; a shorter one is "...". Pure; safe for concurrent use.
std::string MaskKey(std::string_view key);

// Replaces every occurrence of the given secrets in a text by their masked hints. For error texts
// and dumps that may hold an upstream's echo of a key. Longer secrets are replaced first, so that a
// secret that contains another leaves nothing behind. Immutable; safe for concurrent use.
class SecretMasker {
 public:
  SecretMasker() = default;
  explicit SecretMasker(std::vector<std::string> secrets);

  std::string Mask(std::string_view text) const;
  // True if `text` holds any of the secrets.
  bool Reveals(std::string_view text) const;
  // How much of a text that was cut off can be shown: less than all if it may end in the middle of
  // a secret, which Mask() does not recognise by its beginning.
  std::size_t ShownOfCut(std::string_view text) const;

 private:
  struct Entry {
    std::string secret;
    std::string hint;
  };
  std::vector<Entry> entries_;
};

}  // namespace keywalk

#endif  // KEYWALK_SECRET_H_
