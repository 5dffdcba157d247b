#include "conformance/wire_records.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "conformance/key_alias.h"
#include "conformance/prometheus_text.h"
#include "conformance/wire_client.h"
#include "keywalk/http_transport.h"

namespace keywalk::conformance {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kRecordLimit{3'000};
// Another process's files and pages do not tell when they change.
constexpr Milliseconds kLookAgainAfter{20};
constexpr std::size_t kMaxRecordBytes = 64u * 1024 * 1024;

std::string Shown(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

void AddLeak(std::string_view text, const WirePool& pool, const std::string& where,
             std::vector<Mismatch>& mismatches) {
  const std::string alias = FindLeak(text, pool.secrets());
  if (alias.empty()) return;
  mismatches.push_back({where, "no more of a key than its hint", "more of " + alias});
}

std::vector<Mismatch> CompareMetrics(const WirePool& pool, const PoolEndpoint& endpoint) {
  const Result<BaseUrl> url = BaseUrl::Parse(endpoint.metrics_url);
  if (!url || url->tls) return {{"metrics", "an http URL in the answer to setup", "none"}};
  WireRequest request;
  request.host = url->host;
  request.port = url->port;
  request.authority = url->authority;
  request.method = "GET";
  request.target = url->path.empty() ? "/" : url->path;
  request.limit = kRecordLimit;
  const WireExchange page = Exchange(request);
  if (!page.answered || page.response.status != 200) {
    return {{"metrics", "status 200",
             page.answered ? std::to_string(page.response.status) : page.error}};
  }
  std::vector<Mismatch> mismatches;
  AddLeak(page.response.body, pool, "metrics", mismatches);
  for (const auto& [name, expected] : pool.instance().records.metrics) {
    const auto sample = endpoint.series.find(name);
    const auto metric =
        sample == endpoint.series.end() ? std::nullopt : ParseMetricName(sample->second);
    if (!metric) {
      mismatches.push_back({"metrics " + name, "a sample's name in the answer to setup", "none"});
      continue;
    }
    const std::optional<double> actual = SumSamples(page.response.body, *metric);
    if (actual != expected) {
      mismatches.push_back({"metrics " + name, Shown(expected),
                            actual ? Shown(*actual) : "a page that is no Prometheus text"});
    }
  }
  return mismatches;
}

struct FoundRecord {
  bool access = false;
  std::string text;
};

// Each file is a record; of a log each line is one, of an access.
std::vector<FoundRecord> ReadRecords(const std::string& folder) {
  std::vector<FoundRecord> records;
  std::size_t total = 0;
  std::error_code error;
  for (auto at = std::filesystem::recursive_directory_iterator(folder, error);
       !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    std::ifstream file(at->path(), std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    total += text.size();
    if (total > kMaxRecordBytes) break;
    if (at->path().extension() != ".log") {
      records.push_back({false, std::move(text)});
      continue;
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      records.push_back({true, std::move(line)});
    }
  }
  return records;
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : " and ") + text;
  return joined;
}

std::vector<Mismatch> CompareDump(const WirePool& pool, const PoolEndpoint& endpoint) {
  if (endpoint.dump_dir.empty()) return {{"dump", "a dump_dir in the answer to setup", "none"}};
  const std::vector<FoundRecord> records = ReadRecords(endpoint.dump_dir);
  std::vector<Mismatch> mismatches;
  for (const FoundRecord& record : records) AddLeak(record.text, pool, "dump", mismatches);
  for (const ExpectedRecords::Record& wanted : pool.instance().records.dump) {
    const bool found = std::ranges::any_of(records, [&](const FoundRecord& record) {
      return record.access == wanted.access &&
             std::ranges::all_of(wanted.includes, [&](const std::string& text) {
               return record.text.find(text) != std::string::npos;
             });
    });
    if (found) continue;
    const std::string kind = wanted.access ? "an access record with " : "a record with ";
    mismatches.push_back(
        {"dump", kind + Joined(wanted.includes), "none among " + std::to_string(records.size())});
  }
  return mismatches;
}

// Looks again and again until nothing differs.
template <typename Look>
void LookUntilRight(const Look& look, std::vector<Mismatch>& mismatches) {
  const SteadyClock::time_point deadline = SteadyClock::now() + kRecordLimit;
  std::vector<Mismatch> found = look();
  while (!found.empty() && SteadyClock::now() < deadline) {
    std::this_thread::sleep_for(kLookAgainAfter);
    found = look();
  }
  mismatches.insert(mismatches.end(), found.begin(), found.end());
}

}  // namespace

void CompareRecords(const WirePool& pool, const PoolEndpoint& endpoint,
                    std::vector<Mismatch>& mismatches) {
  const ExpectedRecords& expected = pool.instance().records;
  if (!expected.metrics.empty()) {
    LookUntilRight([&] { return CompareMetrics(pool, endpoint); }, mismatches);
  }
  if (!expected.dump.empty()) {
    LookUntilRight([&] { return CompareDump(pool, endpoint); }, mismatches);
  }
}

}  // namespace keywalk::conformance
