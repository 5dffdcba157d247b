// Words for `sh`.
#ifndef KEYWALK_CONFORMANCE_SHELL_WORD_H_
#define KEYWALK_CONFORMANCE_SHELL_WORD_H_

#include <string>

namespace keywalk::conformance {

// The word as it is if that is safe, else in single quotes.
std::string ShellQuoted(const std::string& word);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_SHELL_WORD_H_
