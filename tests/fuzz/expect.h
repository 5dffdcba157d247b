// What fuzz targets check their properties with.
#ifndef KEYWALK_TESTS_FUZZ_EXPECT_H_
#define KEYWALK_TESTS_FUZZ_EXPECT_H_

#include <string_view>

namespace keywalk::fuzz {

// The keys that what is tested is given, and that the seeds hold where a document may have keys.
inline constexpr std::string_view kFirstKey = "sk-fuzz-Zq8vT3nLw0Rk5YbH2mXc7DpJ";
inline constexpr std::string_view kSecondKey = "sk-fuzz-Pd4hS9uKe6Wt1GxN8jVa3FrC";

// Ends the program if `holds` is false, with the property that is broken and what shows it. The
// fuzzer keeps the input.
void Expect(bool holds, std::string_view property, std::string_view shown = {});

// True if the text has bytes of one of the two keys beyond their masked hints.
bool RevealsKey(std::string_view text);

// Of a text that somebody reads: a log line, an error.
void ExpectNoKey(std::string_view text);
// The same where `input` came from outside: bytes of a key that it holds without the rest of that
// key are its own to see, since nobody could know them for a key.
void ExpectNoKeyOf(std::string_view input, std::string_view text);

// An error about a document: begins with where it came from, says something, is one line that a
// terminal can show, and holds no key.
void ExpectRefusal(std::string_view message, std::string_view source);

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_EXPECT_H_
