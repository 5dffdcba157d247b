#include "sim/check/story.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sim/check/liveness_checker.h"

namespace keywalk::sim {
namespace {

Milliseconds InMilliseconds(Duration duration) {
  return std::chrono::duration_cast<Milliseconds>(duration);
}

}  // namespace

std::size_t Story::events() const {
  std::size_t count = requests.size() + gateways.restarts.size();
  for (const StoryKey& key : keys) {
    for (const StoryAnswer& given : key.answers) count += IsPlain(given.answer) ? 0 : 1;
  }
  return count;
}

bool IsPlain(const ListedAnswer& answer) {
  return answer.status == 200 && answer.takes == Milliseconds(0) && !answer.retry_after &&
         answer.fault == ListedAnswer::Fault::kNone;
}

World ToWorld(const Story& story) {
  World world;
  world.name = story.name;
  world.provider = story.provider;
  world.gateways = story.gateways;
  Milliseconds last{0};
  for (const StoryRequest& request : story.requests) {
    ClientGroup group;
    group.name = "r" + std::to_string(world.clients.size());
    ListedArrivals once;
    once.at.push_back(request.at);
    group.arrivals = std::move(once);
    group.deadline = request.deadline;
    group.streamed = request.streamed ? 1 : 0;
    if (story.gateways.replicas > 1) group.replica = request.replica;
    world.clients.push_back(std::move(group));
    last = std::max(last, request.at);
  }
  world.duration = last + Milliseconds(1);
  for (const StoryKey& key : story.keys) {
    KeySpec spec;
    spec.name = key.name;
    spec.model.provider = story.provider == "anthropic" ? mock::ModelProvider::kAnthropic
                                                        : mock::ModelProvider::kOpenAi;
    spec.revoked = !key.can_return;
    for (const StoryAnswer& given : key.answers) spec.answers.push_back(given.answer);
    while (!spec.revoked && !spec.answers.empty() && IsPlain(spec.answers.back())) {
      spec.answers.pop_back();
    }
    world.keys.push_back(std::move(spec));
  }
  return world;
}

StoryRecorder::StoryRecorder(const World& world) {
  story_.name = world.name;
  story_.provider = world.provider;
  story_.gateways = world.gateways;
  for (const KeySpec& key : world.keys) story_.keys.push_back({key.name, CanReturn(key), {}});
}

void StoryRecorder::OnRequest(const SimRequest& request) {
  StoryRequest told;
  told.at = InMilliseconds(request.sent_at.time_since_epoch());
  told.replica = request.replica;
  told.streamed = request.streamed;
  if (request.deadline) told.deadline = InMilliseconds(*request.deadline - request.sent_at);
  story_.requests.push_back(told);
}

void StoryRecorder::OnAttemptSent(const AttemptSent& attempt) {
  std::vector<StoryAnswer>& answers = story_.keys[attempt.key].answers;
  last_attempt_[attempt.request] = {attempt.key, answers.size()};
  answers.push_back({ListedAnswer{}, static_cast<std::size_t>(attempt.request)});
}

void StoryRecorder::OnAttemptEnded(const AttemptEnded& attempt) {
  ListedAnswer& answer = AnswerTo(attempt.request);
  switch (attempt.how) {
    case AttemptEnded::How::kResponse:
      answer.status = attempt.status;
      answer.takes = InMilliseconds(attempt.at - attempt.sent_at);
      if (attempt.verdict.action == Action::kTemporary &&
          attempt.verdict.cooldown > Duration::zero()) {
        answer.retry_after = std::chrono::ceil<Milliseconds>(attempt.verdict.cooldown);
      }
      break;
    case AttemptEnded::How::kReset:
      answer.fault = ListedAnswer::Fault::kResetBeforeHead;
      answer.takes = InMilliseconds(attempt.at - attempt.sent_at);
      break;
    case AttemptEnded::How::kTimeout:
    case AttemptEnded::How::kAbandoned:
      answer.fault = ListedAnswer::Fault::kNoAnswer;
      break;
  }
}

void StoryRecorder::OnAnswered(const Answered& answer) {
  if (answer.outcome == Outcome::kTruncated) {
    AnswerTo(answer.request->id).fault = ListedAnswer::Fault::kResetInBody;
  }
  last_attempt_.erase(answer.request->id);
}

ListedAnswer& StoryRecorder::AnswerTo(RequestId request) {
  const Place place = last_attempt_.at(request);
  return story_.keys[place.key].answers[place.position].answer;
}

}  // namespace keywalk::sim
