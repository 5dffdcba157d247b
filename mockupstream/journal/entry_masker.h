// Hides the keys of one request in whatever is shown of it.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_ENTRY_MASKER_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_ENTRY_MASKER_H_

#include <string>
#include <string_view>

#include "keywalk/secret.h"
#include "mockupstream/journal/journal.h"
#include "mockupstream/lanes/credential.h"

namespace keywalk::mock {

// Masks what is known to be a key and what this request used as one. `known_keys` outlives it.
class EntryMasker {
 public:
  EntryMasker(const JournalEntry& entry, const SecretMasker& known_keys)
      : own_(AllCredentials(entry.headers, entry.target)), known_(known_keys) {}

  std::string Mask(std::string_view text) const { return known_.Mask(own_.Mask(text)); }

  // What of a text that was cut off can be shown.
  std::string_view Shown(std::string_view text) const {
    for (;;) {
      const std::size_t shown = known_.ShownOfCut(text.substr(0, own_.ShownOfCut(text)));
      if (shown == text.size()) return text;
      text = text.substr(0, shown);
    }
  }

 private:
  const SecretMasker own_;
  const SecretMasker& known_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_ENTRY_MASKER_H_
