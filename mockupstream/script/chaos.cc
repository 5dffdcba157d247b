#include "mockupstream/script/chaos.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/script/script_step.h"

namespace keywalk::mock {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15u;
constexpr std::uint64_t kWhole = std::uint64_t{1} << 53;  // what a double holds exactly

// SplitMix64's output function.
std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// 64-bit FNV-1a of both names and what keeps them apart.
std::uint64_t HashNames(std::string_view lane, std::string_view route) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  };
  add(lane);
  if (!route.empty()) add(std::string_view("\0", 1));
  add(route);
  return hash;
}

// A multiplication by a power of two is exact, and so is cutting off the rest.
std::uint64_t PartOf(double probability) {
  return static_cast<std::uint64_t>(probability * static_cast<double>(kWhole));
}

double ReadProbability(ObjectReader& object) {
  const json* value = object.Value("probability");
  if (value == nullptr) {
    object.Problem("probability", "is required");
    return 0;
  }
  const double probability = value->is_number() ? value->get<double>() : -1;
  if (probability >= 0 && probability <= 1) return probability;
  object.Problem("probability", "expected a number between 0 and 1");
  return 0;
}

Chaos::Draw ReadDraw(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  Chaos::Draw draw;
  draw.probability = ReadProbability(object);
  draw.step = ReadStepMembers(object, problems);
  object.Finish();
  return draw;
}

}  // namespace

Chaos ReadChaos(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  Chaos chaos;
  chaos.seed = static_cast<std::uint64_t>(object.Integer("seed", 0, {0, INT64_MAX}));
  double sum = 0;
  if (const json* draws = object.RequiredArray("draws")) {
    for (std::size_t i = 0; i < draws->size(); ++i) {
      const std::string place = JoinPointer(object.PointerTo("draws"), i);
      chaos.draws.push_back(ReadDraw((*draws)[i], place, problems));
      sum += chaos.draws.back().probability;
    }
  }
  constexpr double kRounding = 1e-9;  // ten times 0.1 is 1
  if (sum > 1 + kRounding) object.Problem("draws", "probabilities add up to more than 1");
  object.Finish();
  return chaos;
}

ChaosTable::ChaosTable(const Chaos& chaos, std::string_view lane, std::string_view route)
    : chaos_(chaos), start_(Mix(chaos.seed + kGamma) ^ HashNames(lane, route)) {
  std::uint64_t end = 0;
  for (const Chaos::Draw& draw : chaos_.draws) ends_.push_back(end += PartOf(draw.probability));
}

std::uint64_t ChaosTable::NumberOf(std::uint64_t step) const {
  return Mix(start_ + (step + 1) * kGamma) >> 11;
}

std::optional<std::size_t> ChaosTable::Hit(std::uint64_t number) const {
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), NumberOf(number));
  if (end == ends_.end()) return std::nullopt;
  return static_cast<std::size_t>(end - ends_.begin());
}

}  // namespace keywalk::mock
