// A run told event by event: which request came when, and what the upstream answered to each
// attempt. Whatever drew it is left behind; told again, it happens again.
#ifndef KEYWALK_SIM_CHECK_STORY_H_
#define KEYWALK_SIM_CHECK_STORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/checked_run.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

struct StoryRequest {
  Milliseconds at{0};
  std::uint32_t replica = 0;
  bool streamed = false;
  std::optional<Milliseconds> deadline;
};

struct StoryAnswer {
  ListedAnswer answer;
  std::size_t taker = 0;  // index of the request whose attempt it answered
};

struct StoryKey {
  std::string name;
  bool can_return = true;
  std::vector<StoryAnswer> answers;  // in the order of attempts
};

struct Story {
  std::string name;
  std::string provider;
  GatewaySpec gateways;
  std::vector<StoryRequest> requests;  // in the order in which they were sent
  std::vector<StoryKey> keys;

  // What a reader has to follow: requests, answers that are not an immediate 200, restarts.
  std::size_t events() const;
};

// At once, and without a word: what a key that has no list answers as well.
bool IsPlain(const ListedAnswer& answer);

// The story as a world that needs no seed: a client for each request, a list for each key.
World ToWorld(const Story& story);

// Writes down a run. Not safe for concurrent use.
class StoryRecorder final : public RunObserver {
 public:
  // `world` is only read during the call.
  explicit StoryRecorder(const World& world);

  // What was written so far. Times are rounded to milliseconds, which in drawn worlds they are.
  const Story& story() const { return story_; }

  void OnRequest(const SimRequest& request) override;
  void OnAttemptSent(const AttemptSent& attempt) override;
  void OnAttemptEnded(const AttemptEnded& attempt) override;
  void OnAnswered(const Answered& answer) override;

 private:
  ListedAnswer& AnswerTo(RequestId request);

  Story story_;
  struct Place {
    KeyIndex key;
    std::size_t position;
  };
  std::map<RequestId, Place> last_attempt_;  // of requests under way
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_STORY_H_
