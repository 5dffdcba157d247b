// A TCP connection to the proxy that never waits but in Wait().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keywalk::soak {

class Connection {
 public:
  Connection() = default;
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // To this host. False: nobody is there.
  bool Open(std::uint16_t port);
  bool open() const { return descriptor_ >= 0; }
  void Close();
  void Reset();
  // A small window, so that what this client does not read waits at the sender.
  void ReadLittle();

  struct Ready {
    bool read = false;
    bool write = false;
  };
  // Waits until one of what is asked for can be done, or for that long.
  Ready Wait(bool read, bool write, int timeout_ms) const;

  enum class State { kDone, kWouldWait, kEnded, kFailed };
  struct Moved {
    State state = State::kDone;
    std::size_t bytes = 0;
  };
  Moved Send(std::string_view bytes);
  Moved Receive(char* buffer, std::size_t size);
  // What stands there unread, without taking it: bytes, kEnded or kWouldWait.
  Moved Peek() const;

 private:
  int descriptor_ = -1;
};

}  // namespace keywalk::soak
