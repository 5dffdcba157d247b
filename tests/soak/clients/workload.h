// What one client does next: a pure function of the seed, the client's number and how often it was
// asked.
#pragma once

#include <boost/random/mersenne_twister.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk::soak {

struct WorkloadOptions {
  std::uint64_t seed = 1;
  std::string prefix;               // of every request's id
  std::vector<std::string> routes;  // of the proxy: "/walk" and the like
  std::vector<std::string> kinds;   // empty: all
  std::string own_key;              // a client's own; empty: none has one
  std::size_t max_upload = 1 << 20;
};

// One request, ready to be sent.
struct Asked {
  std::string id;
  std::uint64_t body_bytes = 0;
  std::string body_sha256;
};

// What is sent on one connection at once, and how its client behaves.
struct Visit {
  std::string_view kind;
  std::string bytes;         // all requests
  std::vector<Asked> asked;  // several: pipelined
  bool fresh_connection = false;
  // Pace: so many bytes, then a pause. 0: as fast as it goes.
  std::size_t send_piece = 0;
  std::size_t read_piece = 0;
  int pause_ms = 0;
  // The client leaves, by a reset or in order, once so much was sent or received, or after a time.
  std::optional<std::size_t> leave_after_sent;
  std::optional<std::size_t> leave_after_received;
  std::optional<int> leave_after_ms;
  bool leave_by_reset = false;
};

class Workload {
 public:
  // `options` outlives it.
  Workload(const WorkloadOptions& options, unsigned client);
  Visit Next();

 private:
  std::size_t Draw(std::size_t from, std::size_t to);
  // The same number of them in each power of two.
  std::size_t DrawSize(std::size_t most);
  std::string_view DrawKind();
  // Appends one request to `visit`.
  void Ask(Visit& visit, std::string_view page, std::string body, bool chunked);
  void AskUpload(Visit& visit, std::size_t most);
  std::string Json();
  void LeaveUpload(Visit& visit);

  const WorkloadOptions& options_;
  const unsigned client_;
  boost::random::mt19937_64 random_;
  std::uint64_t requests_ = 0;
};

// The names for WorkloadOptions::kinds.
std::vector<std::string> WorkloadKinds();

}  // namespace keywalk::soak
