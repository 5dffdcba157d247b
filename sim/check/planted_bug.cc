#include "sim/check/planted_bug.h"

#include <algorithm>
#include <array>
#include <memory>

#include "sim/check/flawed_gateway.h"

namespace keywalk::sim {
namespace {

constexpr std::array kPlantedBugs = {
    PlantedBug{Flaw::kTriesCoolingKeys, "tries-cooling-keys",
               "With no key left it tries the one whose cooldown ends soonest",
               Invariant::kNoEarlyUse},
    PlantedBug{Flaw::kReadsStatesOnce, "reads-states-once",
               "A request reads the keys' states when it begins and misses later marks",
               Invariant::kNoEarlyUse},
    PlantedBug{Flaw::kShortensDeadlines, "shortens-deadlines",
               "The last mark's deadline replaces a later one", Invariant::kDeadlineKept},
    PlantedBug{Flaw::kForgetsPermanence, "forgets-permanence",
               "A key taken out for good comes back after the default cooldown",
               Invariant::kPermanenceTerminal},
    PlantedBug{Flaw::kSameKeyAgain, "same-key-again", "After a 429 the same key is tried once more",
               Invariant::kOneTryPerKey},
    PlantedBug{Flaw::kRoundRobin, "round-robin", "Requests begin at one key after the other",
               Invariant::kFirstHealthyKey},
    PlantedBug{Flaw::kBudgetOfTwo, "budget-of-two",
               "After two attempts it gives up, however many keys there are",
               Invariant::kHealthyKeysTried},
    PlantedBug{Flaw::kMarksTheNeighbour, "marks-the-neighbour",
               "The refusal of one key cools the next", Invariant::kStateAgrees},
    PlantedBug{Flaw::kAnswersTheDefault, "answers-the-default",
               "Clients are told to come back in a minute, whenever a key is back",
               Invariant::kHonestExhaustion},
    PlantedBug{Flaw::kUnauthorizedForGood, "unauthorized-for-good",
               "A 401 takes the key out until restart (coder/coder#26033)", Invariant::kKeysReturn},
    PlantedBug{Flaw::kChangesTheBody, "changes-the-body",
               "Attempts after the first carry another body", Invariant::kSameBody},
    PlantedBug{Flaw::kRetriesTruncated, "retries-truncated",
               "An answer that is cut off half-way is asked for again",
               Invariant::kNoFailoverAfterFirstByte},
    PlantedBug{Flaw::kRetriesResets, "retries-resets",
               "A request whose connection was reset is sent again", Invariant::kErrorsPassedOn},
    PlantedBug{Flaw::kWalksAgain, "walks-again",
               "With no key left it waits for one and begins again",
               Invariant::kBoundedAmplification},
    PlantedBug{Flaw::kEchoesTheKey, "echoes-the-key", "The answer that no key is left shows a key",
               Invariant::kNoKeyShown},
    PlantedBug{Flaw::kLosesAnswers, "loses-answers",
               "Of two answers at the same instant one is lost", Invariant::kEveryRequestAnswered},
    PlantedBug{Flaw::kBreakerStaysOpen, "breaker-stays-open",
               "After two failed connections in a row nothing is tried any more",
               Invariant::kRequestsSucceed},
    PlantedBug{Flaw::kCrashes, "crashes", "The process ends at a request's third attempt",
               std::nullopt},
    PlantedBug{Flaw::kHangs, "hangs", "The process stands still at a request's third attempt",
               std::nullopt},
    PlantedBug{Flaw::kRemembersOtherRuns, "remembers-other-runs",
               "What happens depends on how many runs there were before", std::nullopt},
};

}  // namespace

std::span<const PlantedBug> AllPlantedBugs() noexcept { return kPlantedBugs; }

const PlantedBug* FindPlantedBug(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(kPlantedBugs.begin(), kPlantedBugs.end(),
                   [name](const PlantedBug& bug) { return bug.name == name; });
  return found == kPlantedBugs.end() ? nullptr : found;
}

GatewayFactory GatewayWith(const PlantedBug& bug) {
  return [flaw = bug.flaw](GatewayHost& host) -> std::unique_ptr<Gateway> {
    return std::make_unique<FlawedGateway>(host, flaw);
  };
}

}  // namespace keywalk::sim
