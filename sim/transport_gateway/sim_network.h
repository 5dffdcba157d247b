// The network of a world and the upstream at its end: what becomes, and when, of the requests that
// the transport writes to its connections.
#ifndef KEYWALK_SIM_TRANSPORT_GATEWAY_SIM_NETWORK_H_
#define KEYWALK_SIM_TRANSPORT_GATEWAY_SIM_NETWORK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/gateway/gateway.h"
#include "sim/transport_gateway/answer_bytes.h"
#include "sim/transport_gateway/sim_stream.h"
#include "sim/transport_gateway/transport_gateway.h"

namespace keywalk::sim {

// Also keeps the book of attempts: it sees them leave, and tells the host of their beginnings and
// ends. Outlives its connections. Not safe for concurrent use.
class SimNetwork final : public Wire {
 public:
  // Both outlive it.
  SimNetwork(asio::io_context& context, GatewayHost& host, WireCounts& counts);

  std::unique_ptr<io::Stream> Connect();

  // A request begins in the slot. `request` is valid while it is under way.
  void Begin(Slot slot, const SimRequest& request);
  // An event that the network scheduled is due.
  void OnEvent(const GatewayEvent& event);
  // Sends one of the requests that were written since; false: there is none. To be called when no
  // coroutine has anything left to do: their senders have then come to wait for the responses.
  bool SendNext();

  // --- the book of attempts; each of the slot's last one ---

  // It was sent, and has not ended.
  bool is_open(Slot slot) const { return attempts_[slot]->open; }
  KeyIndex key(Slot slot) const { return attempts_[slot]->key; }
  // What the answer said.
  std::optional<Duration> retry_after(Slot slot) const { return attempts_[slot]->retry_after; }
  // Its response is being judged: if nothing has to be waited for until the next one, that is sent
  // by an event of its own where interleavings are explored.
  void OnVerdict(Slot slot) { attempts_[slot]->waited_since_verdict = false; }
  // Tells the host that it has ended. `ended` says how; who and when is filled in.
  void End(Slot slot, AttemptEnded ended);

  // --- Wire ---
  Instant now() const override { return host_.clock().now(); }
  void OnRequest(SimStream& stream, const io::MessageHead& head, const ArrivingBody& body) override;
  void OnWait(SimStream& stream) override;
  void OnClose(SimStream& stream) noexcept override;

 private:
  enum class Event : std::uint8_t {
    kSend,        // the request, which had to wait, goes out
    kAtUpstream,  // it has reached the upstream
    kHead,        // the response's head has arrived, or a reset in its stead
    kRest,        // the response's body has arrived, or half of it and a reset
    kDeadline,    // the stream's deadline has passed
  };
  enum class Stage : std::uint8_t {
    kNone,     // no connection carries it
    kWritten,  // all of the request was written
    kSent,     // it is told of, and on its way
    kHead,     // the head was delivered; nobody has asked for the rest
    kRest,     // the rest is on its way
  };

  // A slot's request and its last attempt.
  struct Attempt {
    const SimRequest* request = nullptr;
    std::uint32_t sent = 0;   // attempts so far
    std::uint32_t token = 0;  // changes with each: events of earlier ones find nobody
    Stage stage = Stage::kNone;
    SimStream* stream = nullptr;  // null at kNone

    bool open = false;
    KeyIndex key = 0;
    std::uint64_t body_digest = 0;
    Instant sent_at{};
    Passage passage;
    Duration head_to_rest{};
    std::optional<Instant> next_at;      // when the near end is given something; nullopt: never
    std::optional<Instant> deadline_at;  // for when the deadline's event is scheduled
    AnswerBytes bytes;
    std::optional<Duration> retry_after;
    bool waited_since_verdict = true;
  };

  void Happen(Slot slot, Attempt& attempt, Event event);
  void Send(Slot slot, Attempt& attempt);
  void ReachUpstream(Slot slot, Attempt& attempt);
  void DeliverHead(Attempt& attempt);
  static void DeliverRest(Attempt& attempt);
  static void Detach(Attempt& attempt) noexcept;
  void WatchDeadline(Slot slot, Attempt& attempt);
  void After(Slot slot, Attempt& attempt, Duration wait, Event event);
  void Schedule(Slot slot, const Attempt& attempt, Instant at, Event event);

  asio::io_context& context_;
  GatewayHost& host_;
  WireCounts& counts_;
  std::map<std::string, KeyIndex, std::less<>> keys_;
  std::vector<std::unique_ptr<Attempt>> attempts_;  // by slot
  std::vector<Slot> written_;                       // to be sent, in this order
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_TRANSPORT_GATEWAY_SIM_NETWORK_H_
