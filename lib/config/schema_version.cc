#include "config/schema_version.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace keywalk::config {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 3 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void CheckSchemaVersion(ObjectReader& root) {
  constexpr std::string_view kKey = "schema_version";
  const std::string version = root.RequiredString(kKey);
  const std::string_view major = std::string_view(version).substr(0, version.find('.'));
  if (major.size() == version.size() || !IsNumber(major) ||
      !IsNumber(std::string_view(version).substr(major.size() + 1))) {
    root.Problem(kKey, "expected MAJOR.MINOR, such as \"1.0\"");
    return;
  }
  int number = 0;
  std::from_chars(major.data(), major.data() + major.size(), number);
  if (number == 0 || number > kSchemaMajor) {
    root.Problem(kKey, "version " + version + " cannot be read, only major version " +
                           std::to_string(kSchemaMajor));
  }
}

}  // namespace keywalk::config
