// One request again and again over so many connections to this host, and the times of all of them.
//
// Why not wrk: a run must end without cutting a request off, so that the upstream's count of
// attempts can be compared exactly; wrk corrects its latencies for "coordinated omission", which
// moves the median of a closed loop on one shared core; and its times are whole microseconds, where
// a further attempt costs twenty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace keywalk::bench {

struct LoadOptions {
  std::uint16_t port = 0;
  std::string path = "/";
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::size_t connections = 1;
  double warmup_seconds = 0;
  double seconds = 1;
  std::size_t min_requests = 1;  // are measured, however long they take
  double timeout_seconds = 60;   // for the whole, beyond warm-up and measurement
};

// Runs the load on the calling thread until its time is over and every request that was begun has
// been answered. The result has, of what was answered after the warm-up and within the time:
// "measured", "requests_per_second", "p50_us", "p90_us", "p99_us", "min_us", "max_us"; of all
// requests: "requests", "body_bytes" (least and most of an answer), "statuses" (count by status)
// and "errors" (count by kind; empty: every answer was a 2xx and whole).
nlohmann::json RunLoad(const LoadOptions& options);

}  // namespace keywalk::bench
