// Everything that happened in a run, as lines and as one number.
#ifndef KEYWALK_SIM_RUN_TRACE_H_
#define KEYWALK_SIM_RUN_TRACE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sim/engine/random.h"
#include "sim/run/observer.h"

namespace keywalk::sim {

// The hash of all events in their order: two runs with the same hash were the same run. Not safe
// for concurrent use.
class TraceHash final : public RunObserver {
 public:
  std::uint64_t value() const noexcept { return RandomEngine::Mix(hash_); }
  std::string text() const;  // of 16 hexadecimal digits
  std::uint64_t events() const noexcept { return events_; }

  void OnRequest(const SimRequest& request) override;
  void OnAttemptSent(const AttemptSent& attempt) override;
  void OnAttemptEnded(const AttemptEnded& attempt) override;
  void OnAnswered(const Answered& answer) override;
  void OnRestart(Instant at, std::uint32_t replica) override;

 private:
  void Add(std::uint64_t value) noexcept;

  std::uint64_t hash_ = 0x9e3779b97f4a7c15u;
  std::uint64_t events_ = 0;
};

// The same as JSON, an object a line (NDJSON), given to `write` as it happens: nothing is kept.
//
//   {"at_ns":0,"event":"request","request":0,"call":0,"retry":0,"client":"sdk","replica":0}
//   {"at_ns":0,"event":"attempt","request":0,"attempt":0,"key":"k0"}
//   {"at_ns":5,"event":"response","request":0,"attempt":0,"key":"k0","status":429,
//    "mark":"temporary","cooldown_ns":30000000000,"transition":true}   or "reset", "timeout", ...
//   {"at_ns":9,"event":"answer","request":0,"outcome":"success","status":200,"attempts":2}
//   {"at_ns":9,"event":"restart","replica":0}
class TraceLines final : public RunObserver {
 public:
  using Write = std::function<void(std::string_view line)>;  // without the line feed
  // `world` outlives it.
  TraceLines(const World& world, Write write) : world_(world), write_(std::move(write)) {}

  void OnRequest(const SimRequest& request) override;
  void OnAttemptSent(const AttemptSent& attempt) override;
  void OnAttemptEnded(const AttemptEnded& attempt) override;
  void OnAnswered(const Answered& answer) override;
  void OnRestart(Instant at, std::uint32_t replica) override;

 private:
  const World& world_;
  const Write write_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_TRACE_H_
