#include "conformance/selection.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace keywalk::conformance {
namespace {

constexpr std::uint32_t kMaxShards = 1'000;

bool IsMatch(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

// FNV-1a: the same on every machine. Its low bits alone are spread badly over few shards.
std::uint32_t StableHash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;
  return static_cast<std::uint32_t>(hash >> 32) ^ static_cast<std::uint32_t>(hash);
}

bool ParseNumber(std::string_view text, std::uint32_t& number) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end;
}

}  // namespace

Result<Shard> ParseShard(std::string_view text) {
  Shard shard;
  const std::size_t slash = text.find('/');
  const bool is_pair = slash != std::string_view::npos &&
                       ParseNumber(text.substr(0, slash), shard.number) &&
                       ParseNumber(text.substr(slash + 1), shard.count);
  if (!is_pair || shard.number < 1 || shard.number > shard.count || shard.count > kMaxShards) {
    return Error("expected I/N with 1 <= I <= N <= 1000");
  }
  return shard;
}

bool Selection::Takes(const std::string& id, const std::string& area,
                      const std::vector<std::string>& clauses) const {
  if (shard.count > 1 && StableHash(id) % shard.count != shard.number - 1) return false;
  if (patterns.empty()) return true;
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return IsMatch(pattern, id) || IsMatch(pattern, area + "/" + id) ||
           std::any_of(clauses.begin(), clauses.end(),
                       [&](const std::string& clause) { return IsMatch(pattern, clause); });
  });
}

}  // namespace keywalk::conformance
