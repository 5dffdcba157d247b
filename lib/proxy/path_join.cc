#include "proxy/path_join.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "proxy/percent_decode.h"

namespace keywalk::proxy {
namespace {

// Servers that decode more than twice do not exist outside of exploits; three is on the safe side.
constexpr int kMaxDecodings = 3;

bool HasDotDotSegment(std::string_view path) {
  if (path.find("..") == path.npos) return false;
  while (true) {
    const std::size_t end = std::min(path.find_first_of("/\\"), path.size());
    const std::string_view segment = path.substr(0, end);
    // Some servers cut path parameters (`..;x`) before they resolve dot segments.
    if (segment.substr(0, segment.find(';')) == "..") return true;
    if (end == path.size()) return false;
    path.remove_prefix(end + 1);
  }
}

bool LeavesItsFolder(std::string_view path) {
  if (HasDotDotSegment(path)) return true;
  if (path.find('%') == path.npos) return false;
  std::string text(path);
  for (int i = 0; i < kMaxDecodings; ++i) {
    std::string decoded = PercentDecode(text);
    if (decoded == text) return false;
    if (HasDotDotSegment(decoded)) return true;
    text = std::move(decoded);
  }
  return false;
}

// Bytes above 7f belong encoded (RFC 3986 section 2); what a server makes of them is its own
// matter.
bool IsTargetByte(char c) { return c > 0x20 && c < 0x7f && c != '#'; }

Result<RequestTarget> ParseOriginForm(std::string_view target) {
  RequestTarget parsed;
  const std::size_t query = std::min(target.find('?'), target.size());
  parsed.path = target.substr(0, query);
  parsed.query = target.substr(query);
  if (LeavesItsFolder(parsed.path)) return Error("the path must not hold a \"..\" segment");
  return parsed;
}

// `http://HOST[:PORT]/...` taken apart by Boost.URL, which knows the grammar; the path and the
// query are then the rest of the text, so that they stay as they were written.
Result<RequestTarget> ParseAbsoluteForm(std::string_view target) {
  const auto url = boost::urls::parse_uri(target);
  if (!url || url->host().empty()) {
    return Error("the target must be a path, or an http URL with a host");
  }
  if (url->has_userinfo()) return Error("the target must not hold a user name");
  if (url->scheme_id() != boost::urls::scheme::http &&
      url->scheme_id() != boost::urls::scheme::https) {
    return Error("the target's scheme must be http or https");
  }
  const std::size_t begin = target.find("//") + 2;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  if (end == target.size() || target[end] == '?') return Error("the target must hold a path");
  Result<RequestTarget> parsed = ParseOriginForm(target.substr(end));
  if (parsed) parsed->authority = target.substr(begin, end - begin);
  return parsed;
}

}  // namespace

Result<RequestTarget> ParseTarget(std::string_view target) {
  if (!std::ranges::all_of(target, IsTargetByte)) {
    return Error(
        "the target must not hold white space, control characters, bytes above 7f or a fragment");
  }
  if (target.starts_with('/')) return ParseOriginForm(target);
  return ParseAbsoluteForm(target);
}

std::optional<std::string_view> StripPrefix(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  return path;
}

Result<std::string> JoinTarget(std::string_view base_path, std::string_view rest,
                               std::string_view query) {
  std::string joined;
  joined.reserve(base_path.size() + rest.size() + query.size() + 1);
  joined.append(base_path).append(rest);
  if (joined.empty()) joined = "/";
  if (joined.starts_with("//") || joined.starts_with("/\\")) {
    return Error("the path must not begin with two slashes");
  }
  joined.append(query);
  return joined;
}

}  // namespace keywalk::proxy
