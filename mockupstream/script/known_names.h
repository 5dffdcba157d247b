// Which names an error text may show whole. Where somebody writes a name, a key may stand by
// mistake; so what is no name of the format is shown by its masked hint.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_KNOWN_NAMES_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_KNOWN_NAMES_H_

#include <span>
#include <string>
#include <string_view>

namespace keywalk::mock {

// True for one of `known`, and for a name that is misspelt by so little that it can be nothing else
// ("statsu"). Pure.
bool IsNearName(std::string_view name, std::span<const std::string_view> known);

// True if that is an array's index, in a pointer. `parent` is the name above, empty in the root.
bool IsArrayIndex(std::string_view parent, std::string_view name);

// The name for an error text: whole if it is near, else masked.
std::string ShownName(std::string_view name, std::span<const std::string_view> known);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_KNOWN_NAMES_H_
