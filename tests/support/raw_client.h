// A blocking client that sends exactly the bytes it is told to and shows exactly the bytes it got:
// for what an HTTP client hides (framing, resets, pieces, pipelining). Plain TCP or TLS.
//
// One thread at a time. Every wait is bounded; what cannot be done throws std::runtime_error, which
// fails the test.
#ifndef KEYWALK_TESTS_SUPPORT_RAW_CLIENT_H_
#define KEYWALK_TESTS_SUPPORT_RAW_CLIENT_H_

#include <openssl/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace keywalk::testing {

// How a read ended.
enum class ReadEnd {
  kDone,     // the condition holds
  kClosed,   // the peer ended the connection in order
  kReset,    // the peer reset it, or TLS broke off
  kTimeout,  // the time limit passed
};
std::string_view ToString(ReadEnd end);

struct RawClientOptions {
  std::chrono::milliseconds limit{10'000};  // for each call
  std::string ca_file;                      // not empty: TLS, verified against this file
  std::string host = "localhost";           // for TLS: the name asked for and verified
};

class RawClient {
 public:
  // Connects to 127.0.0.1:`port`, and for TLS completes the handshake.
  explicit RawClient(std::uint16_t port, RawClientOptions options = {});
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Sends all the bytes.
  void Send(std::string_view bytes);
  // The same, but false if the peer ended the connection meanwhile, as one that answers early may.
  bool TrySend(std::string_view bytes);
  // Ends our direction only (FIN); reading goes on. Plain TCP only.
  void CloseWrite();
  // Ends the connection in order.
  void Close();
  // Ends it with a reset (RST).
  void Reset();

  // Reads until `done` holds for all bytes received and not yet taken; asked first for those there.
  ReadEnd ReadUntil(const std::function<bool(std::string_view)>& done);
  ReadEnd ReadUntil(const std::function<bool(std::string_view)>& done,
                    std::chrono::milliseconds limit);
  // Until the received bytes hold `text`.
  ReadEnd ReadUntil(std::string_view text);
  ReadEnd ReadAtLeast(std::size_t bytes);
  // Until the peer ends the connection.
  ReadEnd ReadToEnd();
  // The same with that limit: kTimeout if the connection stays open so long.
  ReadEnd ReadToEnd(std::chrono::milliseconds limit);

  // Bytes received and not yet taken.
  const std::string& received() const { return received_; }
  // Removes that many of them and gives them back. REQUIRES: bytes <= received().size()
  std::string Take(std::size_t bytes);

 private:
  // Waits for `events` of poll(2); false once the limit has passed.
  bool WaitFor(short events, std::chrono::steady_clock::time_point deadline);
  void Connect(std::uint16_t port);
  void StartTls();
  // One read or write that does not wait: bytes moved, or the events to wait for, or an end.
  struct Step;
  Step ReadOnce(char* buffer, std::size_t size);
  Step WriteOnce(std::string_view bytes);
  Step TlsStep(int result);

  const RawClientOptions options_;
  int socket_ = -1;
  SSL_CTX* tls_context_ = nullptr;
  SSL* tls_ = nullptr;
  std::string received_;
};

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_RAW_CLIENT_H_
