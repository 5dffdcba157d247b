// What a client sends and an upstream answers in a run whose every step is made to fail.
#ifndef KEYWALK_TESTS_STEPS_SCENARIO_H_
#define KEYWALK_TESTS_STEPS_SCENARIO_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace keywalk::steps {

// A request as it stands on the wire.
class StepRequest {
 public:
  std::string head;
  std::string body;     // with its framing
  std::string content;  // without
  // The client sends the body only when it is told to (Expect: 100-continue).
  bool waits = false;
  // After so many bytes of the body it waits until nothing else has anything to do. 0: it does not.
  std::size_t pauses_at = 0;
};

// An upstream's answer as it stands on the wire.
class StepAnswer {
 public:
  bool refuses() const { return status == 429; }

  int status = 200;
  std::string head;
  std::string body;     // with its framing
  std::string content;  // without
  // Sent once so many bytes of the request's body were read, before the rest is.
  std::optional<std::size_t> early_after;
  // The body, or what an early answer left of it, is read only when nothing else has anything to
  // do.
  bool rests = false;
  bool closes = false;  // the upstream then closes the connection
  // It ends with the connection: an end that comes too early cannot be told from the right one.
  bool ends_with_connection = false;
};

class Scenario {
 public:
  std::string name;
  std::vector<StepRequest> requests;  // on one connection, each after the answer to the one before
  bool pipelined = false;             // or rather all at once
  bool own_key = false;               // of the client: bodies are passed on as they come
  StepAnswer refusal;                 // of the first key
  bool refuses = false;               // there is one; else the first key is answered as the second
  StepAnswer answer;
  std::uint64_t expect_continue_bytes = 0;  // as of the proxy
  std::uint64_t body_memory = 1 << 20;
};

// For GoogleTest.
void PrintTo(const Scenario& scenario, std::ostream* out);

// All of them; each ends well if nothing fails.
std::vector<Scenario> AllScenarios();
}  // namespace keywalk::steps

#endif  // KEYWALK_TESTS_STEPS_SCENARIO_H_
