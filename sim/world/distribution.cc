#include "sim/world/distribution.h"

#include <algorithm>
#include <array>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/lognormal_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

namespace keywalk::sim {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

// Widest spread of a lognormal: beyond it a mean of 50 ms has outliers of days.
constexpr double kMaxSigma = 3;

double NumberIn(const json& value, const std::string& pointer, double min, double max,
                JsonProblems& problems) {
  if (!value.is_number() || value.get<double>() < min || value.get<double>() > max) {
    problems.Add(pointer, "expected a number from " + json(min).dump() + " to " + json(max).dump());
    return min;
  }
  return value.get<double>();
}

Distribution ReadUniform(const json& value, const std::string& pointer, double max,
                         JsonProblems& problems) {
  if (!value.is_array() || value.size() != 2) {
    problems.Add(pointer, "expected [LEAST, MOST]");
    return {};
  }
  const double least = NumberIn(value[0], JoinPointer(pointer, 0), 0, max, problems);
  const double most = NumberIn(value[1], JoinPointer(pointer, 1), 0, max, problems);
  if (most < least) problems.Add(pointer, "the first number must be the smaller one");
  return {Distribution::Kind::kUniform, least, std::max(least, most)};
}

// An object of two required numbers.
Distribution ReadPair(Distribution::Kind kind, const json& value, const std::string& pointer,
                      const std::array<std::string_view, 2>& names,
                      const std::array<double, 2>& most, JsonProblems& problems) {
  ObjectReader object(value, pointer, problems);
  std::array<double, 2> numbers{};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const json* const member = object.Value(names[i]);
    if (member == nullptr) {
      object.Problem(names[i], "is required");
    } else {
      numbers[i] = NumberIn(*member, object.PointerTo(names[i]), 0, most[i], problems);
    }
  }
  object.Finish();
  return {kind, numbers[0], numbers[1]};
}

}  // namespace

double Distribution::DrawRandom(RandomEngine& engine) const {
  switch (kind) {
    case Kind::kFixed:
      return a;
    case Kind::kUniform:
      return a < b ? boost::random::uniform_real_distribution<double>(a, b)(engine) : a;
    case Kind::kExponential:
      return a > 0 ? std::min(b, boost::random::exponential_distribution<double>(1 / a)(engine))
                   : 0;
    case Kind::kLogNormal:
      return a > 0 ? boost::random::lognormal_distribution<double>(std::log(a), b)(engine) : 0;
  }
  return 0;
}

Distribution ReadDistribution(const json& value, const std::string& pointer, double max,
                              JsonProblems& problems) {
  if (value.is_number()) return Distribution::Fixed(NumberIn(value, pointer, 0, max, problems));
  if (!value.is_object() || value.size() != 1) {
    problems.Add(pointer,
                 "expected a number, or an object with one of \"uniform\", "
                 "\"exponential\", \"lognormal\"");
    return {};
  }
  // Not by items(): what it gives goes with its iterator.
  const auto member = value.begin();
  const std::string& name = member.key();
  const json& parameters = *member;
  const std::string inner = JoinPointer(pointer, name);
  if (name == "uniform") return ReadUniform(parameters, inner, max, problems);
  if (name == "exponential") {
    return ReadPair(Distribution::Kind::kExponential, parameters, inner, {"mean", "max"},
                    {max, max}, problems);
  }
  if (name == "lognormal") {
    return ReadPair(Distribution::Kind::kLogNormal, parameters, inner, {"median", "sigma"},
                    {max, kMaxSigma}, problems);
  }
  problems.Add(inner, "unknown; known: exponential, lognormal, uniform");
  return {};
}

json ToJson(const Distribution& distribution) {
  const auto number = [](double value) {
    return value == std::floor(value) ? json(static_cast<std::int64_t>(value)) : json(value);
  };
  const double a = distribution.a;
  const double b = distribution.b;
  switch (distribution.kind) {
    case Distribution::Kind::kFixed:
      break;
    case Distribution::Kind::kUniform:
      return {{"uniform", {number(a), number(b)}}};
    case Distribution::Kind::kExponential:
      return {{"exponential", {{"mean", number(a)}, {"max", number(b)}}}};
    case Distribution::Kind::kLogNormal:
      return {{"lognormal", {{"median", number(a)}, {"sigma", number(b)}}}};
  }
  return number(a);
}

}  // namespace keywalk::sim
