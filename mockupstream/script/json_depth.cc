#include "mockupstream/script/json_depth.h"

#include <cstddef>

namespace keywalk::mock {

bool IsDeepJson(std::string_view text, int max_depth) {
  int depth = 0;
  bool in_string = false;  // brackets there would hide those of the nesting
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace keywalk::mock
