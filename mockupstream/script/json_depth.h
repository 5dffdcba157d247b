// How deep a JSON text is nested: what comes from outside is not trusted to be flat.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_JSON_DEPTH_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_JSON_DEPTH_H_

#include <string_view>

namespace keywalk::mock {

// True if the arrays and objects of a JSON text are nested deeper than that. To parse such a text
// takes no stack, but to copy or to write its value takes some for each level. What it says of a
// text that is no JSON means nothing. Pure; safe for concurrent use.
bool IsDeepJson(std::string_view text, int max_depth = 200);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_JSON_DEPTH_H_
