// The template language of launch files: a strict subset of Mustache, for configurations of any
// syntax.
//
//   {{name}}                        the text of that name; unescaped
//   {{#name}} ... {{/name}}         once an element of a list, or once if a flag is set
//   {{^name}} ... {{/name}}         once if the list is empty or the flag is not set
//
// A section's tag that stands alone on its line leaves no empty line behind. A name is looked up in
// the innermost list element first, then further out. Unknown names are errors.
//
// Pure functions; safe for concurrent use.
#ifndef KEYWALK_CONFORMANCE_CONFIG_TEMPLATE_H_
#define KEYWALK_CONFORMANCE_CONFIG_TEMPLATE_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/result.h"

namespace keywalk::conformance {

// What the names of one place mean. A name stands in one of the three maps at most.
struct TemplateScope {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, bool, std::less<>> flags;
  std::map<std::string, std::vector<TemplateScope>, std::less<>> lists;
};

// The text with everything in place. `scopes` are the places that enclose it, the outermost first.
// An error says the line and what is wrong, never a value.
Result<std::string> RenderTemplate(std::string_view text,
                                   const std::vector<const TemplateScope*>& scopes);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CONFIG_TEMPLATE_H_
