// The script of connections at run time: whose turn it is, and which faults have fired.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_CONNECTION_TABLE_H_
#define KEYWALK_MOCKUPSTREAM_LANES_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "keywalk/mutex.h"
#include "mockupstream/script/connection_script.h"

namespace keywalk::mock {

// A scripted fault of accepted connections, and how often it has happened.
struct AcceptFaultReport {
  std::size_t step = 0;  // its number in "connections"
  Fault fault;
  std::uint64_t fired = 0;  // 0: not reached
};

// All methods are safe for concurrent use.
class ConnectionTable {
 public:
  explicit ConnectionTable(ConnectionScript script);

  // What one connection is given. Outlives the table and what replaces it.
  class Turn {
   public:
    Turn() = default;
    // Null: the connection is served.
    const Fault* fault() const;
    // The fault has happened, or begun to. REQUIRES: fault() is not null
    void Fire() const;

   private:
    friend class ConnectionTable;
    struct State;
    Turn(std::shared_ptr<State> state, std::size_t step) : state_(std::move(state)), step_(step) {}

    std::shared_ptr<State> state_;  // null: no step is left
    std::size_t step_ = 0;
  };
  // Spends a step.
  Turn Take();

  // Another script, from its first step.
  void Replace(ConnectionScript script);
  // The same script from its first step; nothing has fired.
  void Reset();

  // The faults of the script, in its order.
  std::vector<AcceptFaultReport> Report() const;

 private:
  std::shared_ptr<Turn::State> state() const;

  mutable Mutex mutex_;
  std::shared_ptr<Turn::State> state_ KEYWALK_GUARDED_BY(mutex_);
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_CONNECTION_TABLE_H_
