// The two ends that the proxy stands between: a client that sends a scenario's requests and looks
// closely at what it gets, and an upstream that answers them.
#ifndef KEYWALK_TESTS_STEPS_PEERS_H_
#define KEYWALK_TESTS_STEPS_PEERS_H_

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/child_task.h"
#include "io/message_reader.h"
#include "io/stream.h"
#include "keywalk/awaitable.h"
#include "keywalk/key_pool.h"
#include "tests/steps/scenario.h"
#include "tests/support/stream_pair.h"

namespace keywalk::steps {

// The pool.
inline constexpr std::array kKeys = {"sk-first-AAAABBBBCCCCDDDD", "sk-second-EEEEFFFFGGGGHHHH"};

// What the client got for one of its requests.
class ClientAnswer {
 public:
  bool begun = false;     // a byte of it
  bool complete = false;  // all of it
  int status = 0;
  std::string content;
};

// Confined to its io_context, as the upstream.
class TestClient {
 public:
  // The first three outlive the client.
  TestClient(asio::io_context& context, testing::VirtualTime& time, const Scenario& scenario,
             std::unique_ptr<io::Stream> stream);

  // Until the last answer, or the end of the connection.
  Awaitable<void> Run();

  io::Stream& stream() { return *stream_; }
  const std::vector<ClientAnswer>& answers() const { return answers_; }
  // It got bytes that are no answer, or no part of one.
  bool garbled() const { return garbled_; }

 private:
  Awaitable<bool> Ask(const StepRequest& request);
  Awaitable<void> SendBody(const StepRequest& request);
  Awaitable<bool> ReadAnswer(ClientAnswer& answer);

  asio::io_context& context_;
  testing::VirtualTime& time_;
  const Scenario& scenario_;
  const std::unique_ptr<io::Stream> stream_;
  io::MessageReader reader_;
  io::ChildTask sending_;
  std::vector<ClientAnswer> answers_;
  bool garbled_ = false;
};

// A request that reached the upstream: at least its head did.
class Exchange {
 public:
  std::size_t request = 0;
  KeyIndex key = 0;
  bool complete = false;  // all of the request came
  std::string content;
  StepAnswer answer;
  std::size_t connection = 0;
  // In bytes that the upstream has written to the connection; never reached if it did not answer.
  std::uint64_t head_ends = UINT64_MAX;
  std::uint64_t answer_ends = UINT64_MAX;
};

class TestUpstream {
 public:
  // All outlive its connections.
  TestUpstream(asio::io_context& context, testing::VirtualTime& time, const Scenario& scenario)
      : context_(context), time_(time), scenario_(scenario) {}

  // Serves a connection until that ends.
  void Accept(std::unique_ptr<io::Stream> stream);

  const std::vector<Exchange>& exchanges() const { return exchanges_; }

 private:
  Awaitable<void> Serve(std::unique_ptr<io::Stream> stream, std::size_t connection);
  Awaitable<bool> ServeOne(io::Stream& stream, io::MessageReader& reader, std::size_t connection);
  Awaitable<bool> Answer(io::Stream& stream, std::size_t exchange);

  asio::io_context& context_;
  testing::VirtualTime& time_;
  const Scenario& scenario_;
  std::vector<Exchange> exchanges_;
  std::vector<std::uint64_t> written_;  // by connection
};

}  // namespace keywalk::steps

#endif  // KEYWALK_TESTS_STEPS_PEERS_H_
