// Opens connections in memory, for a transport.
#ifndef KEYWALK_TESTS_FUZZ_MEMORY_CONNECTOR_H_
#define KEYWALK_TESTS_FUZZ_MEMORY_CONNECTOR_H_

#include <functional>
#include <memory>
#include <utility>

#include "io/connector.h"
#include "tests/support/memory_stream.h"

namespace keywalk::fuzz {

class MemoryConnector final : public io::Connector {
 public:
  // Gives the next connection.
  using Open = std::function<std::shared_ptr<testing::MemoryConnection>()>;
  explicit MemoryConnector(Open open) : open_(std::move(open)) {}

  Awaitable<Result<std::unique_ptr<io::Stream>, TransportError>> Connect(
      Cancellation& /*cancel*/) override {
    co_return testing::MemoryConnection::NearEndOf(open_());
  }

 private:
  const Open open_;
};

// Lets everything happen that waits for nothing from outside.
inline void Settle(asio::io_context& context) {
  context.restart();
  while (context.poll() > 0) context.restart();
}

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_MEMORY_CONNECTOR_H_
