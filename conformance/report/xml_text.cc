#include "conformance/report/xml_text.h"

#include "conformance/displayable.h"

namespace keywalk::conformance {

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : Displayable(text)) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace keywalk::conformance
