#include "tests/soak/clients/workload.h"

#include <algorithm>
#include <array>
#include <boost/random/seed_seq.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include "tests/soak/clients/digest.h"

namespace keywalk::soak {
namespace {

struct Kind {
  std::string_view name;
  std::size_t weight;
};
// Mostly short requests: their number finds races, the others find the rest.
constexpr std::array<Kind, 10> kKinds{{{"chat", 600},
                                       {"pipeline", 40},
                                       {"own", 40},
                                       {"events", 60},
                                       {"upload", 25},
                                       {"large", 20},
                                       {"slow-upload", 2},
                                       {"slow-reader", 2},
                                       {"leaves", 20},
                                       {"leaves-upload", 8}}};

constexpr std::size_t kFillingBytes = 1 << 20;
constexpr std::size_t kMostPipelined = 6;

// Bytes of every value, in which no part of a body looks like another.
const std::string& Filling() {
  static const std::string kFilling = [] {
    boost::random::mt19937_64 random(20260101);
    std::string bytes(kFillingBytes, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  }();
  return kFilling;
}

std::string InHex(std::size_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

}  // namespace

std::vector<std::string> WorkloadKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

Workload::Workload(const WorkloadOptions& options, unsigned client)
    : options_(options), client_(client) {
  boost::random::seed_seq seeds{options.seed & 0xffffffff, options.seed >> 32,
                                std::uint64_t{client}};
  random_.seed(seeds);
}

std::size_t Workload::Draw(std::size_t from, std::size_t to) {
  return boost::random::uniform_int_distribution<std::size_t>(from, to)(random_);
}

std::size_t Workload::DrawSize(std::size_t most) {
  std::size_t top = 1024;
  std::size_t doublings = 0;
  while (top < most) {
    top *= 2;
    ++doublings;
  }
  const std::size_t bound = std::size_t{1024} << Draw(0, doublings);
  return std::min(most, Draw(bound / 2, bound));
}

std::string_view Workload::DrawKind() {
  const auto wanted = [this](const Kind& kind) {
    if (kind.name == "own" && options_.own_key.empty()) return false;
    const auto& names = options_.kinds;
    return names.empty() || std::find(names.begin(), names.end(), kind.name) != names.end();
  };
  std::size_t total = 0;
  for (const Kind& kind : kKinds) total += wanted(kind) ? kind.weight : 0;
  std::size_t drawn = Draw(0, total - 1);
  for (const Kind& kind : kKinds) {
    if (!wanted(kind)) continue;
    if (drawn < kind.weight) return kind.name;
    drawn -= kind.weight;
  }
  return kKinds.front().name;
}

std::string Workload::Json() {
  return R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":")" +
         std::to_string(client_) + "-" + std::to_string(requests_) +
         std::string(Draw(0, 600), 'x') + R"("}]})";
}

void Workload::Ask(Visit& visit, std::string_view page, std::string body, bool chunked) {
  Asked asked;
  asked.id = options_.prefix + std::to_string(client_) + "-" + std::to_string(requests_++);
  asked.body_bytes = body.size();
  asked.body_sha256 = DigestOf(body);
  const std::string& route = options_.routes[Draw(0, options_.routes.size() - 1)];
  std::string& out = visit.bytes;
  out.append("POST ").append(route).append("/").append(page).append("/").append(asked.id);
  out.append(" HTTP/1.1\r\nHost: soak.test\r\nContent-Type: application/json\r\n");
  if (visit.kind == "own") {
    out.append("Authorization: Bearer ").append(options_.own_key).append("\r\n");
  }
  if (chunked) {
    out.append("Transfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min(body.size() - at, Draw(1, 60'000));
      out.append(InHex(size)).append("\r\n").append(body, at, size).append("\r\n");
      at += size;
    }
    out.append("0\r\n\r\n");
  } else {
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    out.append(body);
  }
  visit.asked.push_back(std::move(asked));
}

void Workload::AskUpload(Visit& visit, std::size_t most) {
  std::size_t left = DrawSize(most);
  std::string body = std::to_string(client_) + "-" + std::to_string(requests_) + "\n";
  while (left > 0) {
    const std::size_t from = Draw(0, kFillingBytes - 1);
    const std::size_t size = std::min(left, kFillingBytes - from);
    body.append(Filling(), from, size);
    left -= size;
  }
  Ask(visit, "upload", std::move(body), Draw(0, 1) == 1);
}

void Workload::LeaveUpload(Visit& visit) {
  AskUpload(visit, options_.max_upload);
  // Within the body, and before its last byte: there is then no whole request.
  const std::size_t head = visit.bytes.find("\r\n\r\n") + 4;
  visit.leave_after_sent = Draw(head, visit.bytes.size() - 1);
}

Visit Workload::Next() {
  Visit visit;
  visit.kind = DrawKind();
  if (visit.kind == "pipeline") {
    const std::size_t count = Draw(2, kMostPipelined);
    for (std::size_t i = 0; i < count; ++i) Ask(visit, "chat", Json(), false);
  } else if (visit.kind == "events") {
    Ask(visit, "events", Json(), false);
  } else if (visit.kind == "upload") {
    AskUpload(visit, options_.max_upload);
  } else if (visit.kind == "large") {
    Ask(visit, "large", Json(), false);
  } else if (visit.kind == "slow-upload") {
    AskUpload(visit, 32 * 1024);
    visit.send_piece = visit.bytes.size() / 10 + 1;
    visit.pause_ms = 50;
  } else if (visit.kind == "slow-reader") {
    Ask(visit, "large", Json(), false);
    visit.fresh_connection = true;
    visit.read_piece = 16 * 1024;
    visit.pause_ms = 20;
  } else if (visit.kind == "leaves") {
    Ask(visit, Draw(0, 1) == 1 ? "events" : "large", Json(), false);
    if (Draw(0, 1) == 1) {
      visit.leave_after_received = Draw(0, 4000);
    } else {
      visit.leave_after_ms = static_cast<int>(Draw(0, 10));
    }
  } else if (visit.kind == "leaves-upload") {
    LeaveUpload(visit);
  } else {
    Ask(visit, "chat", Json(), Draw(0, 9) == 0);
  }
  visit.leave_by_reset = Draw(0, 1) == 1;
  return visit;
}

}  // namespace keywalk::soak
