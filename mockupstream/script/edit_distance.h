// How much two names differ, for messages about a misspelt one.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_EDIT_DISTANCE_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_EDIT_DISTANCE_H_

#include <cstddef>
#include <string_view>

namespace keywalk::mock {

// How many insertions, deletions and replacements make one text of the other (Levenshtein). Takes
// time by the product of the lengths: cut off what is too long for a name. Pure.
std::size_t EditDistance(std::string_view from, std::string_view to);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_EDIT_DISTANCE_H_
