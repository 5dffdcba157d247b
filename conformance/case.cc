#include "conformance/case.h"

namespace keywalk::conformance {

std::size_t StepCount(const mock::Lane& lane) {
  std::size_t count = 0;
  for (const mock::ScriptStep& step : lane.steps) count += step.times;
  return count;
}

const mock::Lane* FindLane(const Case& test_case, std::string_view alias) {
  auto found = test_case.lanes.find(alias);
  if (found == test_case.lanes.end()) found = test_case.lanes.find("default");
  return found == test_case.lanes.end() ? nullptr : &found->second;
}

std::string_view ToString(Case::Level level) noexcept {
  switch (level) {
    case Case::Level::kMust:
      return "must";
    case Case::Level::kShould:
      return "should";
    case Case::Level::kMay:
      break;
  }
  return "may";
}

}  // namespace keywalk::conformance
