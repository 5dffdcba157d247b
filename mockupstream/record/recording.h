// What a recording holds: for each key the answers it got, as the lanes of a script.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORDING_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORDING_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_server.h"
#include "keywalk/secret.h"
#include "mockupstream/record/record_answer.h"

namespace keywalk::mock {

// Beyond a limit requests are passed on, but no longer recorded.
struct RecordingLimits {
  std::size_t max_secrets = 1'000;  // keys, and whatever else of a request may be a credential
  std::size_t max_steps = 100'000;
  std::size_t max_bytes = 256ull << 20;        // of all steps, and of answers on their way
  std::size_t max_answer_bytes = 16ull << 20;  // of one answer
};

// Lanes are numbered in the order in which their keys first appeared. Keys are held in clear but
// are never in the script: a stand-in of the same place takes each one's part, and where a key or
// another credential of a client stands in an answer, its masked hint does. Confined to one thread.
class Recording {
 public:
  explicit Recording(RecordingLimits limits) : limits_(limits) {}

  // Where a request's answer belongs: taken when it arrives, since a replay counts arrivals.
  class Place {
   public:
    Place(std::size_t given_lane, std::size_t given_step) : lane(given_lane), step(given_step) {}
    std::size_t lane;
    std::size_t step;
  };
  // nullopt: a limit is reached, and `problem` says which.
  std::optional<Place> Begin(const io::RequestHead& request, std::string& problem);

  // Makes room for that many more bytes of an answer that holds `held` already; false at a limit.
  bool Reserve(std::size_t held, std::size_t bytes);
  // Gives reserved bytes back.
  void Release(std::size_t bytes) { bytes_ -= bytes; }

  // Records the answer, for which so many bytes were reserved; they are given back, and what the
  // step takes is counted. Fails with the reason.
  std::optional<Error> Finish(Place place, const RecordedAnswer& answer, std::size_t reserved);

  // The script, with a newline at its end; what became known as secret since a step was recorded is
  // masked in it now. Valid also if nothing was recorded: then it has a default lane that fails
  // loudly.
  std::string Script();
  std::size_t steps() const { return recorded_; }

  // Masks all that is known to be secret.
  const SecretMasker& masker() const { return masker_; }

 private:
  class Step {
   public:
    std::string method;
    std::string path;
    std::shared_ptr<const std::string> text;  // as JSON; null: not there (yet)
    std::size_t searched_for = 0;             // so many secrets
  };
  class Lane {
   public:
    std::string stand_in;  // empty: of requests without a key
    std::string name;
    std::vector<Step> steps;
  };
  // The steps of one method and path, in order.
  class RouteSteps {
   public:
    const Step* first = nullptr;
    std::vector<const std::string*> texts;
  };

  bool Learn(const io::RequestHead& request);
  // A key may be in an answer before it is used: searches each step for what was learnt since.
  void MaskAgain();
  std::shared_ptr<const std::string> MaskedAgain(const std::shared_ptr<const std::string>& text);
  Lane& LaneFor(const std::string& key);
  static std::vector<RouteSteps> RoutesOf(const Lane& lane);
  static std::string LaneText(const Lane& lane, const SecretMasker& path_masker);

  const RecordingLimits limits_;
  std::map<std::string, std::size_t, std::less<>> lane_of_key_;
  std::vector<Lane> lanes_;
  std::set<std::string> secrets_;
  SecretMasker masker_;
  std::size_t begun_ = 0;
  std::size_t recorded_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORDING_H_
