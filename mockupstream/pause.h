// Waits that end when the client goes away or the server stops: delays and stalls.
#ifndef KEYWALK_MOCKUPSTREAM_PAUSE_H_
#define KEYWALK_MOCKUPSTREAM_PAUSE_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <set>

#include "io/deadline.h"
#include "keywalk/awaitable.h"
#include "keywalk/transport.h"

namespace keywalk::mock {

// Confined to its io_context.
class Pauser {
 public:
  explicit Pauser(asio::io_context& context) : context_(context) {}
  Pauser(const Pauser&) = delete;
  Pauser& operator=(const Pauser&) = delete;

  // Waits that long. False if the client went away (`client_gone`, which outlives the wait) or the
  // server stops before.
  Awaitable<bool> Wait(std::chrono::milliseconds time, Cancellation& client_gone);

  // Ends every wait, also later ones.
  void Stop();

 private:
  asio::io_context& context_;
  std::set<io::SteadyTimer*> waiting_;
  bool stopped_ = false;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_PAUSE_H_
