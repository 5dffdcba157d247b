// The upstream of a world: what becomes of an attempt, and what is answered.
//
// It knows the keys and the network, not who asks or why. Both drivers ask it the same questions,
// and what it draws depends on the seed, the request and the attempt alone.
#ifndef KEYWALK_SIM_UPSTREAM_UPSTREAM_H_
#define KEYWALK_SIM_UPSTREAM_UPSTREAM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/headers.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"
#include "mockupstream/model/key_model.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// What the network and the upstream do with an attempt, known when it is sent.
struct Passage {
  Duration to_upstream{};  // then Upstream::Answer() is asked
  Duration to_head{};      // from there until the head, or the reset in its stead, arrives
  Duration to_end{};       // from the head to the end of the body
  ListedAnswer::Fault fault = ListedAnswer::Fault::kNone;
  const ListedAnswer* listed = nullptr;  // the answer, where the key's are listed
};

// An error's body, and what the library reads in it.
struct ErrorBody {
  int status = 500;
  std::string text;
  ErrorFacts facts;
};

// Valid until the next answer of the same upstream.
struct UpstreamAnswer {
  int status = 200;
  const Headers* headers = nullptr;     // never null
  const ErrorBody* error = nullptr;     // null: a success
  std::optional<Duration> retry_after;  // as told in the headers
};

class Upstream {
 public:
  // `world` outlives it. Refusals tell of limits (`x-ratelimit-*` and the like) only if a source of
  // `policy` looks at them: nobody else would, and they cost more than all else of a refusal.
  Upstream(const World& world, const Policy& policy, std::uint64_t seed);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // The attempt leaves the gateway at `now`. Takes the key's next listed answer, if it has a list.
  Passage Send(const SimRequest& request, std::uint32_t attempt, KeyIndex key, Instant now);

  // It has arrived at the upstream: admitted and charged, or refused. Also for an attempt whose
  // answer will not arrive: the upstream cannot know.
  const UpstreamAnswer& Answer(const SimRequest& request, KeyIndex key, const Passage& passage,
                               Instant now);

 private:
  class Key;
  const World& world_;
  const std::uint64_t seed_;
  const bool tells_limits_;
  std::vector<std::unique_ptr<Key>> keys_;
  UpstreamAnswer answer_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_UPSTREAM_UPSTREAM_H_
