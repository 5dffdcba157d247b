#include "mockupstream/recording.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/credential.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

// Longer texts than these can be no word of the script's format, and may be masked in all of it.
constexpr std::size_t kSurelyNoWord = 16;

// Stable: the same order of keys gives the same script.
std::string StandIn(std::size_t number) {
  const char letter = static_cast<char>('a' + number % 26);
  return "sk-recorded-" + std::to_string(number) + "-" + std::string(20, letter);
}

std::string PathOf(std::string_view target) {
  return std::string(target.substr(0, target.find('?')));
}

// Steps in order, equal neighbours as one with `times`.
class StepList {
 public:
  void Add(const json& step) {
    if (times_ > 0 && last_ == step) {
      ++times_;
      return;
    }
    Close();
    last_ = step;
    times_ = 1;
  }
  json Take() {
    Close();
    return std::move(list_);
  }

 private:
  void Close() {
    if (times_ == 0) return;
    if (times_ > 1) last_["times"] = times_;
    list_.push_back(std::move(last_));
    times_ = 0;
  }

  json list_ = json::array();
  json last_;
  std::size_t times_ = 0;
};

json MaskedJson(const json& value, const SecretMasker& masker) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  json masked = json::parse(masker.Mask(text), nullptr, false);
  return masked.is_discarded() ? value : masked;
}

}  // namespace

// All that is or may be a credential in a request. A key may be new in an answer before it is used:
// what is known by the end is masked in everything.
void Recording::Learn(const io::RequestHead& request) {
  bool changed = false;
  for (std::string& secret : AllCredentials(request.headers, request.target)) {
    // Of "Basic dXNlcg==" the second word alone may be echoed.
    const std::size_t space = secret.find(' ');
    if (space != secret.npos) changed |= secrets_.insert(secret.substr(space + 1)).second;
    changed |= secrets_.insert(std::move(secret)).second;
  }
  if (changed) masker_ = SecretMasker({secrets_.begin(), secrets_.end()});
}

std::optional<std::size_t> Recording::LaneFor(const std::string& key) {
  const auto found = lane_of_key_.find(key);
  if (found != lane_of_key_.end()) return found->second;
  if (keys_ >= limits_.max_keys) return std::nullopt;
  Lane lane;
  if (!key.empty()) {
    lane.stand_in = StandIn(keys_);
    lane.name = "k" + std::to_string(keys_);
    ++keys_;
  }
  lanes_.push_back(std::move(lane));
  lane_of_key_.emplace(key, lanes_.size() - 1);
  return lanes_.size() - 1;
}

std::optional<Recording::Place> Recording::Begin(const io::RequestHead& request,
                                                 std::string& problem) {
  if (begun_ >= limits_.max_steps) {
    problem = "the recording has reached its number of requests";
    return std::nullopt;
  }
  const std::optional<std::size_t> lane = LaneFor(FindCredential(request.headers, request.target));
  if (!lane) {
    problem = "the recording has reached its number of keys";
    return std::nullopt;
  }
  Learn(request);
  ++begun_;
  Step step;
  step.method = request.method;
  step.path = PathOf(request.target);
  lanes_[*lane].steps.push_back(std::move(step));
  return Place(*lane, lanes_[*lane].steps.size() - 1);
}

bool Recording::Reserve(std::size_t held, std::size_t bytes) {
  if (held + bytes > limits_.max_answer_bytes || bytes_ + bytes > limits_.max_bytes) return false;
  bytes_ += bytes;
  return true;
}

void Recording::Release(std::size_t bytes) { bytes_ -= bytes; }

std::optional<Error> Recording::Finish(Place place, const RecordedAnswer& answer) {
  Result<json> step = StepFor(answer, masker_);
  if (!step.ok()) {
    Release(answer.body.size());
    return step.error();
  }
  std::vector<Step>& steps = lanes_[place.lane].steps;
  Step& here = steps[place.step];
  ++recorded_;
  // What repeats is held once.
  if (place.step > 0) {
    const std::shared_ptr<const json>& before = steps[place.step - 1].answer;
    if (before && *before == *step) {
      here.answer = before;
      Release(answer.body.size());
      return std::nullopt;
    }
  }
  here.answer = std::make_shared<const json>(std::move(*step));
  return std::nullopt;
}

json Recording::LaneJson(const Lane& lane) const {
  StepList steps;
  for (const Step& step : lane.steps) {
    if (step.answer) steps.Add(*step.answer);
  }
  return {{"steps", steps.Take()}};
}

std::string Recording::Script() const {
  std::vector<std::string> long_secrets;
  for (const std::string& secret : secrets_) {
    if (secret.size() >= kSurelyNoWord) long_secrets.push_back(secret);
  }
  const SecretMasker masker(std::move(long_secrets));
  json script = {{"schema_version", "1.0"}};
  for (const Lane& lane : lanes_) {
    json object = MaskedJson(LaneJson(lane), masker);
    if (object["steps"].empty()) continue;
    if (lane.stand_in.empty()) {
      script["default_lane"] = std::move(object);
    } else {
      object["name"] = lane.name;
      script["lanes"][lane.stand_in] = std::move(object);
    }
  }
  if (!script.contains("lanes") && !script.contains("default_lane")) {
    script["default_lane"] = {{"steps", json::array()}, {"at_end", "fail_loud"}};
  }
  return script.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace keywalk::mock
