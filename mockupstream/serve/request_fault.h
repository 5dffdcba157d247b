// A fault that happens while a request is being read.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_REQUEST_FAULT_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_REQUEST_FAULT_H_

#include <cstdint>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "mockupstream/serve/fault_runner.h"
#include "mockupstream/serve/pace.h"
#include "mockupstream/serve/request_body.h"

namespace keywalk::mock {

// Given to ReadRequestBody(). Everything given outlives it.
class RequestFault final : public BodyGate {
 public:
  // REQUIRES: IsInRequest(fault.at)
  RequestFault(const FaultScene& scene, io::ServerExchange& exchange, const Fault& fault);

  std::uint64_t Room(std::uint64_t bytes) const override;
  Awaitable<bool> Pass(std::uint64_t bytes) override;

  // The request is answered now, the rest of it unread.
  bool early() const { return early_; }
  // The connection is over: there is no answer.
  bool ended() const { return ended_; }
  FaultState state() const { return runner_.state(); }

 private:
  // There is more of the body than these bytes, as far as its head says.
  bool MoreThan(std::uint64_t bytes) const;
  Awaitable<bool> Drip(std::uint64_t bytes);

  io::ServerExchange& exchange_;
  FaultRunner runner_;
  const std::uint64_t place_;  // in bytes of the body
  Pace pace_;
  std::uint64_t seen_ = 0;
  bool struck_ = false;
  bool early_ = false;
  bool ended_ = false;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_REQUEST_FAULT_H_
