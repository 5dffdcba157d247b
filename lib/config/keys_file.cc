#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "keywalk/config.h"

namespace keywalk {

Secrets ParseKeyLines(std::string_view text) {
  // A file written on Windows ends its lines with CR LF; no key begins or ends with any of these.
  constexpr std::string_view kWhitespace = " \t\r\v\f";
  std::vector<std::string> keys;
  // Once: a vector that grows leaves short keys behind where it was.
  keys.reserve(1 + static_cast<std::size_t>(std::ranges::count(text, '\n')));
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find_first_not_of(kWhitespace);
    if (first == line.npos || line[first] == '#') continue;
    keys.emplace_back(line.substr(first, line.find_last_not_of(kWhitespace) - first + 1));
  }
  return keys;
}

Result<Secrets> LoadKeysFile(const std::string& path) {
  config::JsonProblems problems(path);
  std::optional<std::string> text = config::ReadFile(path, problems);
  if (!text) return problems.error();
  const WipeAtEnd wiped(*text);
  return ParseKeyLines(*text);
}

}  // namespace keywalk
