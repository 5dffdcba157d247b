// Lets a fault happen to a connection that was just accepted.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_ACCEPT_FAULT_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_ACCEPT_FAULT_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <utility>

#include "io/http_server.h"
#include "mockupstream/lanes/connection_table.h"

namespace keywalk::mock {

// Confined to its io_context.
class AcceptFault final : public io::ConnectionHandler {
 public:
  // `on_fired` is called once the fault has happened or begun to. REQUIRES: the turn has a fault
  AcceptFault(asio::io_context& context, std::chrono::milliseconds max_stall,
              ConnectionTable::Turn turn, std::function<void()> on_fired)
      : context_(context),
        max_stall_(max_stall),
        turn_(std::move(turn)),
        on_fired_(std::move(on_fired)) {}

  Awaitable<void> Handle(io::Stream& stream, Cancellation& gone) override;

 private:
  void Fire();

  asio::io_context& context_;
  const std::chrono::milliseconds max_stall_;
  const ConnectionTable::Turn turn_;
  const std::function<void()> on_fired_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_ACCEPT_FAULT_H_
