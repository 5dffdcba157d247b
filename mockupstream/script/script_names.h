// Which names of a script an error text may show whole. In a script a key may stand wherever a name
// may, by mistake too; so all others are shown by their masked hints.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_NAMES_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_NAMES_H_

#include <string_view>

namespace keywalk::mock {

// True for a member of the script's format, for a name that is misspelt by so little that it can
// be nothing else ("statsu"), and for an array's index. `parent` is the name above, empty in the
// root. Pure.
bool MayShowScriptName(std::string_view parent, std::string_view name);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SCRIPT_NAMES_H_
