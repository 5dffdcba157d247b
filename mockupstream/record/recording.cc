#include "mockupstream/record/recording.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/lanes/credential.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Stable: the same order of keys gives the same script.
std::string StandIn(std::size_t number) {
  const char letter = static_cast<char>('a' + number % 26);
  return "sk-recorded-" + std::to_string(number) + "-" + std::string(20, letter);
}

std::string PathOf(std::string_view target) {
  return std::string(target.substr(0, target.find('?')));
}

// Secrets that are masked in a path too: shorter ones may be words of the API itself.
bool IsMaskedInPath(std::string_view secret) {
  constexpr std::size_t kSurelyNoWord = 16;
  return secret.size() >= kSurelyNoWord;
}

// As the text stands within a JSON string.
std::string Escaped(std::string_view text) {
  const std::string quoted = Dump(text);
  return quoted.substr(1, quoted.size() - 2);
}

// A JSON array, a step a line, equal neighbours as one with `times`.
std::string StepsText(const std::vector<const std::string*>& steps, const std::string& indent) {
  std::string text = "[";
  for (std::size_t i = 0; i < steps.size();) {
    std::size_t times = 1;
    while (i + times < steps.size() && *steps[i + times] == *steps[i]) ++times;
    text += (i == 0 ? "\n" : ",\n") + indent + "  ";
    const std::string& step = *steps[i];
    if (times == 1) {
      text += step;
    } else {
      text += "{\"times\":" + std::to_string(times) + (step == "{}" ? "" : ",") + step.substr(1);
    }
    i += times;
  }
  return text + "\n" + indent + "]";
}

}  // namespace

// All that is or may be a credential in a request; false if there are too many.
bool Recording::Learn(const io::RequestHead& request) {
  std::set<std::string> found;
  for (std::string& secret : AllCredentials(request.headers, request.target)) {
    // Of "Basic dXNlcg==" the second word alone may be echoed.
    const std::size_t space = secret.find(' ');
    if (space != secret.npos) found.insert(secret.substr(space + 1));
    // Within a body that is JSON it stands like this.
    found.insert(Escaped(secret));
    found.insert(std::move(secret));
  }
  std::erase_if(found, [this](const std::string& secret) { return secrets_.contains(secret); });
  if (found.empty()) return true;
  if (secrets_.size() + found.size() > limits_.max_secrets) return false;
  secrets_.merge(found);
  masker_ = SecretMasker(std::vector<std::string>(secrets_.begin(), secrets_.end()));
  return true;
}

Recording::Lane& Recording::LaneFor(const std::string& key) {
  const auto found = lane_of_key_.find(key);
  if (found != lane_of_key_.end()) return lanes_[found->second];
  Lane lane;
  if (!key.empty()) {
    const std::size_t number = lane_of_key_.size() - (lane_of_key_.contains("") ? 1 : 0);
    lane.stand_in = StandIn(number);
    lane.name = "k" + std::to_string(number);
  }
  lane_of_key_.emplace(key, lanes_.size());
  lanes_.push_back(std::move(lane));
  return lanes_.back();
}

std::optional<Recording::Place> Recording::Begin(const io::RequestHead& request,
                                                 std::string& problem) {
  Step step;
  step.method = request.method;
  step.path = PathOf(request.target);
  const std::size_t bytes = sizeof(Step) + step.method.size() + step.path.size();
  if (begun_ >= limits_.max_steps || bytes_ + bytes > limits_.max_bytes) {
    problem = "the recording is full";
    return std::nullopt;
  }
  if (!Learn(request)) {
    problem = "the recording has reached its number of keys and other credentials";
    return std::nullopt;
  }
  ++begun_;
  bytes_ += bytes;
  Lane& lane = LaneFor(FindCredential(request.headers, request.target));
  lane.steps.push_back(std::move(step));
  return Place(static_cast<std::size_t>(&lane - lanes_.data()), lane.steps.size() - 1);
}

bool Recording::Reserve(std::size_t held, std::size_t bytes) {
  if (held + bytes > limits_.max_answer_bytes || bytes_ + bytes > limits_.max_bytes) return false;
  bytes_ += bytes;
  return true;
}

std::optional<Error> Recording::Finish(Place place, const RecordedAnswer& answer,
                                       std::size_t reserved) {
  Release(reserved);
  const Result<json> step = StepFor(answer, masker_);
  if (!step.ok()) return step.error();
  std::string text = Dump(*step);
  std::vector<Step>& steps = lanes_[place.lane].steps;
  steps[place.step].searched_for = secrets_.size();
  ++recorded_;
  // What repeats is held once.
  if (place.step > 0) {
    const std::shared_ptr<const std::string>& before = steps[place.step - 1].text;
    if (before && *before == text) {
      steps[place.step].text = before;
      return std::nullopt;
    }
  }
  bytes_ += text.size();
  steps[place.step].text = std::make_shared<const std::string>(std::move(text));
  return std::nullopt;
}

std::vector<Recording::RouteSteps> Recording::RoutesOf(const Lane& lane) {
  std::vector<RouteSteps> routes;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> numbers;
  for (const Step& step : lane.steps) {
    if (!step.text) continue;
    const auto [place, is_new] = numbers.try_emplace({step.method, step.path}, routes.size());
    if (is_new) routes.emplace_back().first = &step;
    routes[place->second].texts.push_back(step.text.get());
  }
  return routes;
}

std::string Recording::LaneText(const Lane& lane, const SecretMasker& path_masker) {
  const std::vector<RouteSteps> routes = RoutesOf(lane);
  if (routes.empty()) return "";
  std::string text = "{";
  if (!lane.name.empty()) text += "\"name\": " + Dump(lane.name) + ", ";
  if (routes.size() == 1) return text + "\"steps\": " + StepsText(routes[0].texts, "    ") + "}";
  text += "\"routes\": [";
  for (const RouteSteps& route : routes) {
    const json match = {{"method", route.first->method},
                        {"path", path_masker.Mask(route.first->path)}};
    text += &route == &routes.front() ? "\n" : ",\n";
    text += "      {\"match\": " + Dump(match) +
            ", \"steps\": " + StepsText(route.texts, "      ") + "}";
  }
  return text + "\n    ]}";
}

void Recording::MaskAgain() {
  for (Lane& lane : lanes_) {
    std::shared_ptr<const std::string> before;  // the last one, as it was
    std::shared_ptr<const std::string> after;
    for (Step& step : lane.steps) {
      if (!step.text || step.searched_for == secrets_.size()) continue;
      // What repeats stays one.
      if (step.text != before) {
        before = step.text;
        after = MaskedAgain(before);
      }
      step.text = after;
      step.searched_for = secrets_.size();
    }
  }
}

std::shared_ptr<const std::string> Recording::MaskedAgain(
    const std::shared_ptr<const std::string>& text) {
  const Result<json> step = StepAgain(json::parse(*text), masker_);
  if (!step.ok()) return nullptr;
  std::string masked = Dump(*step);
  if (masked == *text) return text;
  bytes_ += masked.size();
  bytes_ -= std::min(bytes_, text->size());
  return std::make_shared<const std::string>(std::move(masked));
}

std::string Recording::Script() {
  MaskAgain();
  std::vector<std::string> secrets;
  std::ranges::copy_if(secrets_, std::back_inserter(secrets), IsMaskedInPath);
  const SecretMasker path_masker(std::move(secrets));
  std::string lanes;
  std::string default_lane;
  for (const Lane& lane : lanes_) {
    const std::string text = LaneText(lane, path_masker);
    if (text.empty()) continue;
    if (lane.stand_in.empty()) {
      default_lane = text;
    } else {
      lanes += (lanes.empty() ? "\n    " : ",\n    ") + Dump(lane.stand_in) + ": " + text;
    }
  }
  if (lanes.empty() && default_lane.empty())
    default_lane = R"({"steps": [], "at_end": "fail_loud"})";
  std::string script = "{\n  \"schema_version\": \"1.0\"";
  if (!lanes.empty()) script += ",\n  \"lanes\": {" + lanes + "\n  }";
  if (!default_lane.empty()) script += ",\n  \"default_lane\": " + default_lane;
  return script + "\n}\n";
}

}  // namespace keywalk::mock
