#include "mockupstream/script/known_names.h"

#include <algorithm>
#include <cstddef>

#include "keywalk/secret.h"
#include "mockupstream/script/edit_distance.h"

namespace keywalk::mock {
namespace {

constexpr std::size_t kMinMisspelt = 4;
constexpr std::size_t kMaxMisspelt = 24;
constexpr std::size_t kMaxDistance = 2;
// So much of a name has to be right: a short one is near to many.
constexpr std::size_t kLettersPerMistake = 3;
// As many as an index can have here; a key of digits is longer.
constexpr std::size_t kMaxIndexDigits = 7;

}  // namespace

bool IsNearName(std::string_view name, std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return true;
  if (name.size() < kMinMisspelt || name.size() > kMaxMisspelt) return false;
  const std::size_t allowed = std::min(kMaxDistance, name.size() / kLettersPerMistake);
  return std::any_of(known.begin(), known.end(), [&](std::string_view each) {
    return each.size() >= kMinMisspelt && EditDistance(name, each) <= allowed;
  });
}

bool IsArrayIndex(std::string_view parent, std::string_view name) {
  return !parent.empty() && !name.empty() && name.size() <= kMaxIndexDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string ShownName(std::string_view name, std::span<const std::string_view> known) {
  return IsNearName(name, known) ? std::string(name) : MaskKey(name);
}

}  // namespace keywalk::mock
