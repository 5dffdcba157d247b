#include "sim/check/shrinker.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace keywalk::sim {
namespace {

// Of runs, each some microseconds: a bound on the whole search.
constexpr std::uint64_t kMostRuns = 200'000;
// How many orders of simultaneous events are tried with each story, beside that of their origin.
constexpr std::uint64_t kOrders = 4;

class Shrinker {
 public:
  Shrinker(const CheckedWorld& failing, Invariant invariant)
      : origin_(failing), invariant_(invariant) {}

  std::optional<Shrunk> Shrink() {
    StoryRecorder recorder(origin_.world);
    RunChecked(origin_, {&recorder});
    if (!Accept(recorder.story())) return std::nullopt;
    Measure before;
    do {
      before = MeasureOf(*best_);
      OnePass();
    } while (MeasureOf(*best_) < before && runs_ < kMostRuns);
    best_->runs = runs_;
    return std::move(best_);
  }

 private:
  using Change = std::function<void(Story&)>;

  void OnePass() {
    RemovePieces([this] { return best_->story.requests.size(); },
                 [this](std::size_t from, std::size_t count) {
                   return Try([=](Story& story) { RemoveRequests(story, from, count, true); }) ||
                          (count == 1 &&
                           Try([=](Story& story) { RemoveRequests(story, from, count, false); }));
                 });
    RemovePieces(
        [this] { return best_->story.gateways.restarts.size(); },
        [this](std::size_t from, std::size_t count) {
          return Try([=](Story& story) {
            const auto first = story.gateways.restarts.begin() + static_cast<std::ptrdiff_t>(from);
            story.gateways.restarts.erase(first, first + static_cast<std::ptrdiff_t>(count));
          });
        });
    ShrinkGateways();
    for (std::size_t key = best_->story.keys.size(); key-- > 0;) {
      ShrinkAnswers(key);
      if (best_->story.keys.size() > 1) {
        Try([key](Story& story) {
          story.keys.erase(story.keys.begin() + static_cast<std::ptrdiff_t>(key));
        });
      }
    }
    ShrinkRequests();
    ShrinkTimes();
  }

  // With their answers, or leaving these to other requests.
  static void RemoveRequests(Story& story, std::size_t from, std::size_t count, bool with_answers) {
    const auto first = story.requests.begin() + static_cast<std::ptrdiff_t>(from);
    story.requests.erase(first, first + static_cast<std::ptrdiff_t>(count));
    for (StoryKey& key : story.keys) {
      if (with_answers) {
        std::erase_if(key.answers, [=](const StoryAnswer& given) {
          return given.taker >= from && given.taker < from + count;
        });
      }
      for (StoryAnswer& given : key.answers) {
        if (given.taker >= from + count) given.taker -= count;
      }
    }
  }

  void ShrinkAnswers(std::size_t key) {
    const auto size = [this, key] { return best_->story.keys[key].answers.size(); };
    RemovePieces(size, [this, key](std::size_t from, std::size_t count) {
      // Left out, the ones after it move up; or it becomes a plain one.
      if (Try([=](Story& story) {
            std::vector<StoryAnswer>& answers = story.keys[key].answers;
            const auto first = answers.begin() + static_cast<std::ptrdiff_t>(from);
            answers.erase(first, first + static_cast<std::ptrdiff_t>(count));
          })) {
        return true;
      }
      Try([=](Story& story) {
        for (std::size_t i = from; i < from + count; ++i) {
          story.keys[key].answers[i].answer = ListedAnswer{};
        }
      });
      return false;
    });
    for (std::size_t i = 0; i < size(); ++i) SimplifyAnswer(key, i);
  }

  void SimplifyAnswer(std::size_t key, std::size_t index) {
    const auto change = [this, key, index](void (*simplify)(ListedAnswer&)) {
      if (index >= best_->story.keys[key].answers.size()) return false;
      return Try([=](Story& story) { simplify(story.keys[key].answers[index].answer); });
    };
    change([](ListedAnswer& answer) { answer.fault = ListedAnswer::Fault::kNone; });
    change([](ListedAnswer& answer) { answer.takes = Milliseconds(0); }) ||
        change([](ListedAnswer& answer) { answer.takes = Milliseconds(1); }) ||
        change([](ListedAnswer& answer) { answer.takes /= 2; });
    change([](ListedAnswer& answer) { answer.retry_after.reset(); }) ||
        change([](ListedAnswer& answer) {
          if (answer.retry_after) answer.retry_after = Milliseconds(1000);
        }) ||
        change([](ListedAnswer& answer) {
          if (answer.retry_after) answer.retry_after = *answer.retry_after / 1000 * 1000;
        });
  }

  void ShrinkGateways() {
    Try([](Story& story) {
      story.gateways.replicas = 1;
      story.gateways.shared_key_state = false;
      for (StoryRequest& request : story.requests) request.replica = 0;
      for (Restart& restart : story.gateways.restarts) restart.replica = 0;
    }) ||
        Try([](Story& story) {
          story.gateways.replicas = std::min<std::int64_t>(story.gateways.replicas, 2);
          for (StoryRequest& request : story.requests) {
            request.replica = std::min<std::uint32_t>(request.replica, 1);
          }
          for (Restart& restart : story.gateways.restarts) {
            restart.replica = std::min<std::int64_t>(restart.replica, 1);
          }
        });
    Try([](Story& story) { story.gateways.wall_skew = Milliseconds(0); });
    Try([](Story& story) { story.gateways.head_timeout = GatewaySpec{}.head_timeout; });
    Try([](Story& story) {
      for (StoryKey& key : story.keys) key.can_return = true;
    });
  }

  void ShrinkRequests() {
    Try([](Story& story) {
      for (StoryRequest& request : story.requests) request.streamed = false;
    });
    for (std::size_t i = 0; i < best_->story.requests.size(); ++i) {
      Try([i](Story& story) { story.requests[i].deadline.reset(); }) || Try([i](Story& story) {
        // What it is needed for may be the moment at which it ends.
        StoryRequest& request = story.requests[i];
        const bool last = i + 1 == story.requests.size();
        if (last) request.at += request.deadline.value_or(Milliseconds(0));
        request.deadline.reset();
      });
    }
  }

  // Everything from a request on comes sooner.
  void ShrinkTimes() {
    for (std::size_t i = 0; i < best_->story.requests.size(); ++i) {
      const auto gap = [this, i] {
        const std::vector<StoryRequest>& requests = best_->story.requests;
        return requests[i].at - (i == 0 ? Milliseconds(0) : requests[i - 1].at);
      };
      const auto set_gap = [&](Milliseconds wanted) {
        const Milliseconds sooner = gap() - wanted;
        if (sooner <= Milliseconds(0)) return false;
        const Milliseconds from = best_->story.requests[i].at;
        return Try([=](Story& story) { Sooner(story, from, sooner); });
      };
      if (set_gap(Milliseconds(0)) || set_gap(Milliseconds(1))) continue;
      while (set_gap(gap() / 2)) {
      }
      set_gap(gap() / 1000 * 1000);
    }
  }

  static void Sooner(Story& story, Milliseconds from, Milliseconds by) {
    for (StoryRequest& request : story.requests) {
      if (request.at >= from) request.at -= by;
    }
    for (Restart& restart : story.gateways.restarts) {
      if (restart.at >= from) restart.at -= by;
    }
  }

  // What is to become less, the first before the second.
  struct Measure {
    std::size_t events = 0;
    std::size_t details = 0;
    std::int64_t times_ms = 0;  // all of them together

    auto operator<=>(const Measure&) const = default;
  };

  static Measure MeasureOf(const Shrunk& shrunk) {
    // A case that needs no drawn order can be shown to any implementation.
    constexpr std::size_t kDrawnOrder = 50;
    constexpr std::size_t kPart = 10;
    const Story& story = shrunk.story;
    Measure measure;
    measure.events = story.events();
    measure.details = shrunk.options.interleave ? kDrawnOrder : 0;
    measure.details +=
        kPart * (story.keys.size() + static_cast<std::size_t>(story.gateways.replicas));
    measure.details += story.gateways.shared_key_state ? 1 : 0;
    measure.details += story.gateways.wall_skew != Milliseconds(0) ? 1 : 0;
    measure.details += story.gateways.head_timeout != GatewaySpec{}.head_timeout ? 1 : 0;
    for (const Restart& restart : story.gateways.restarts) measure.times_ms += restart.at.count();
    for (const StoryRequest& request : story.requests) {
      measure.details += (request.streamed ? 1u : 0u) + (request.deadline ? 1u : 0u);
      measure.times_ms += request.at.count();
    }
    for (const StoryKey& key : story.keys) {
      measure.details += key.can_return ? 0 : 1;
      for (const StoryAnswer& given : key.answers) AddDetails(given.answer, measure);
    }
    return measure;
  }

  static void AddDetails(const ListedAnswer& answer, Measure& measure) {
    measure.details += 1;
    measure.details += answer.fault != ListedAnswer::Fault::kNone ? 2 : 0;
    measure.details += answer.takes != Milliseconds(0) ? 1 : 0;
    measure.details += answer.retry_after ? 1 : 0;
    measure.times_ms += answer.takes.count() + answer.retry_after.value_or(Milliseconds(0)).count();
  }

  bool Try(const Change& change) {
    if (runs_ >= kMostRuns) return false;
    Story story = best_->story;
    change(story);
    return Accept(std::move(story));
  }

  // Keeps the story if it fails in one of some orders of simultaneous events, and is less.
  bool Accept(Story story) {
    std::optional<Shrunk> found = Fail(std::move(story));
    if (!found) return false;
    // As it went this time: with all answers that were given and none that nobody took. Where that
    // does not go the same way again, the story as it was tried.
    const CheckedWorld again = found->checked(origin_);
    StoryRecorder recorder(again.world);
    RunChecked(again, {&recorder});
    ++runs_;
    std::optional<Shrunk> retold = Fail(recorder.story());
    if (retold) found = std::move(retold);
    if (std::optional<Shrunk> cut = WithoutLaterRequests(*found)) found = std::move(cut);
    if (best_ && !(MeasureOf(*found) < MeasureOf(*best_))) return false;
    best_ = std::move(found);
    return true;
  }

  // It may fail sooner now, and what came later be of no use.
  std::optional<Shrunk> WithoutLaterRequests(const Shrunk& shrunk) {
    const Violation& breach = *shrunk.run.first();
    Story story = shrunk.story;
    const auto is_later = [&](const StoryRequest& request, std::size_t index) {
      return breach.request ? index > *breach.request : Instant(request.at) > breach.at;
    };
    while (!story.requests.empty() && is_later(story.requests.back(), story.requests.size() - 1)) {
      RemoveRequests(story, story.requests.size() - 1, 1, true);
    }
    if (story.requests.size() == shrunk.story.requests.size()) return std::nullopt;
    return Fail(std::move(story));
  }

  std::optional<Shrunk> Fail(Story story) {
    Shrunk candidate;
    candidate.story = std::move(story);
    std::vector<RunOptions> orders = {RunOptions{origin_.options.seed, false}};
    if (best_) orders.push_back(best_->options);
    const std::uint64_t drawn = candidate.story.requests.size() > 30 ? 1 : kOrders;
    for (std::uint64_t i = 0; i < drawn; ++i) {
      orders.push_back(RunOptions{origin_.options.seed + i, true});
    }
    for (const RunOptions& options : orders) {
      candidate.options = options;
      candidate.run = RunChecked(candidate.checked(origin_));
      ++runs_;
      const Violation* const first = candidate.run.first();
      if (first != nullptr && first->invariant == invariant_) return candidate;
      if (!origin_.options.interleave) break;
    }
    return std::nullopt;
  }

  const CheckedWorld& origin_;
  const Invariant invariant_;
  std::optional<Shrunk> best_;
  std::uint64_t runs_ = 0;
};

}  // namespace

void RemovePieces(const std::function<std::size_t()>& size,
                  const std::function<bool(std::size_t, std::size_t)>& try_without) {
  for (std::size_t piece = std::max<std::size_t>(size() / 2, 1); size() > 0; piece /= 2) {
    bool any = false;
    for (std::size_t from = 0; from < size();) {
      const std::size_t count = std::min(piece, size() - from);
      if (try_without(from, count)) {
        any = true;
      } else {
        from += count;
      }
    }
    if (piece == 1 && !any) break;
    if (piece == 1) piece = 2;  // once more
  }
}

CheckedWorld Shrunk::checked(const CheckedWorld& origin) const {
  CheckedWorld checked;
  checked.world = ToWorld(story);
  checked.policy = origin.policy;
  checked.options = options;
  checked.bug = origin.bug;
  checked.gateway = origin.gateway;
  return checked;
}

std::optional<Shrunk> ShrinkRun(const CheckedWorld& failing, Invariant invariant) {
  return Shrinker(failing, invariant).Shrink();
}

}  // namespace keywalk::sim
