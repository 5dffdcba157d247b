// Text inside XML and HTML.
#ifndef KEYWALK_CONFORMANCE_REPORT_XML_TEXT_H_
#define KEYWALK_CONFORMANCE_REPORT_XML_TEXT_H_

#include <string>
#include <string_view>

namespace keywalk::conformance {

// Text for XML 1.0: markup escaped, and what XML cannot hold replaced by U+FFFD.
std::string EscapeXml(std::string_view text);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_XML_TEXT_H_
