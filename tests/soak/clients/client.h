// One client: visits one after another, on one connection as long as that lasts.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/peers/answer_reader.h"
#include "tests/soak/clients/connection.h"
#include "tests/soak/clients/digest.h"
#include "tests/soak/clients/outcome.h"
#include "tests/soak/clients/workload.h"

namespace keywalk::soak {

class Client {
 public:
  // All of them outlive it.
  Client(std::uint16_t port, Workload& workload, OutcomeLog& log)
      : port_(port), workload_(workload), log_(log) {}

  // On the calling thread, until `stop`; what has begun is finished. The thread's only client.
  void Run(const std::atomic<bool>& stop);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Next { kGoOn, kEnd };

  void Make(const Visit& visit);
  bool Prepare(const Visit& visit);
  // The parts of a visit.
  Next Move(const Visit& visit);
  Next SendSome(const Visit& visit);
  Next ReceiveSome(const Visit& visit);
  Next Consume(const Visit& visit, std::string_view bytes);
  bool WantsToLeave(const Visit& visit) const;
  int WaitMs(const Visit& visit) const;
  // Writes down what became of the request that is next to be answered, and goes on to the one
  // after.
  void Report(const Visit& visit, Ending ending);
  void ReportRest(const Visit& visit, Ending first, Ending others);
  // Bytes after the last answer belong to nobody.
  void LookForSurplus();

  const std::uint16_t port_;
  Workload& workload_;
  OutcomeLog& log_;
  Connection connection_;
  std::array<char, 64 * 1024> buffer_;
  std::string last_id_;  // the last request on the connection

  // Of the visit under way.
  bench::AnswerReader answer_;
  Digest digest_;
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
  std::size_t answered_ = 0;
  bool sending_failed_ = false;
  bool may_read_ = true;  // it is its turn, by the client's pace
  bool may_send_ = true;
  Clock::time_point begun_;
  Clock::time_point moved_;
};

}  // namespace keywalk::soak
