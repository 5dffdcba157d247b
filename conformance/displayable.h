// Text of unknown origin made fit to be shown.
#ifndef KEYWALK_CONFORMANCE_DISPLAYABLE_H_
#define KEYWALK_CONFORMANCE_DISPLAYABLE_H_

#include <string>
#include <string_view>

namespace keywalk::conformance {

// The text with U+FFFD in place of whatever is not well-formed UTF-8 and of control characters but
// line feed and tab: what an implementation sent must neither break a report nor steer a terminal.
std::string Displayable(std::string_view text);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_DISPLAYABLE_H_
