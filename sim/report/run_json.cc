#include "sim/report/run_json.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/report/timeline_json.h"

namespace keywalk::sim {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr IntegerRange kAnyCount{0, std::numeric_limits<std::int64_t>::max()};
constexpr std::size_t kMostAttemptCounts = 1000;

ordered_json OutcomesJson(const std::array<std::uint64_t, kOutcomes>& counts) {
  ordered_json object = ordered_json::object();
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    object[std::string(ToString(static_cast<Outcome>(i)))] = counts[i];
  }
  return object;
}

ordered_json RecoveryJson(const Recovery& recovery) {
  return {{"count", recovery.count},
          {"sum_ns", recovery.sum.count()},
          {"longest_ns", recovery.longest.count()},
          {"never", recovery.never}};
}

ordered_json LatencyJson(const LatencyResult& latency) {
  return {{"count", latency.count},        {"mean_ns", latency.mean.count()},
          {"p50_ns", latency.p50.count()}, {"p90_ns", latency.p90.count()},
          {"p99_ns", latency.p99.count()}, {"p999_ns", latency.p999.count()},
          {"max_ns", latency.max.count()}};
}

ordered_json KeyJson(const KeyResult& key) {
  return {{"attempts", key.attempts},
          {"successes", key.successes},
          {"refusals", key.refusals},
          {"valid_ns", key.valid.count()},
          {"cooling_ns", key.cooling.count()},
          {"permanent_ns", key.permanent.count()},
          {"after_cooldown", RecoveryJson(key.after_cooldown)},
          {"after_outage", RecoveryJson(key.after_outage)},
          {"herds",
           {{"count", key.herds.count},
            {"attempts", key.herds.attempts},
            {"largest", key.herds.largest}}}};
}

std::uint64_t ReadCount(ObjectReader& object, std::string_view key) {
  return static_cast<std::uint64_t>(object.RequiredInteger(key, kAnyCount));
}

Duration ReadNanoseconds(ObjectReader& object, std::string_view key) {
  return Duration(object.RequiredInteger(key, kAnyCount));
}

// Calls `read` with a reader of the object that has to be there.
template <typename Read>
void ReadMember(ObjectReader& parent, std::string_view key, JsonProblems& problems,
                const Read& read) {
  const json* value = parent.RequiredObject(key);
  if (value == nullptr) return;
  ObjectReader object(*value, parent.PointerTo(key), problems);
  read(object);
  object.Finish();
}

void ReadOutcomes(ObjectReader& parent, std::string_view key, JsonProblems& problems,
                  std::array<std::uint64_t, kOutcomes>& counts) {
  ReadMember(parent, key, problems, [&](ObjectReader& object) {
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      counts[i] = ReadCount(object, ToString(static_cast<Outcome>(i)));
    }
  });
}

void ReadRecovery(ObjectReader& parent, std::string_view key, JsonProblems& problems,
                  Recovery& recovery) {
  ReadMember(parent, key, problems, [&](ObjectReader& object) {
    recovery.count = ReadCount(object, "count");
    recovery.sum = ReadNanoseconds(object, "sum_ns");
    recovery.longest = ReadNanoseconds(object, "longest_ns");
    recovery.never = ReadCount(object, "never");
  });
}

void ReadLatency(ObjectReader& parent, std::string_view key, JsonProblems& problems,
                 LatencyResult& latency) {
  ReadMember(parent, key, problems, [&](ObjectReader& object) {
    latency.count = ReadCount(object, "count");
    latency.mean = ReadNanoseconds(object, "mean_ns");
    latency.p50 = ReadNanoseconds(object, "p50_ns");
    latency.p90 = ReadNanoseconds(object, "p90_ns");
    latency.p99 = ReadNanoseconds(object, "p99_ns");
    latency.p999 = ReadNanoseconds(object, "p999_ns");
    latency.max = ReadNanoseconds(object, "max_ns");
  });
}

KeyResult ReadKeyResult(const json& value, const std::string& pointer, JsonProblems& problems) {
  KeyResult key;
  ObjectReader object(value, pointer, problems);
  key.attempts = ReadCount(object, "attempts");
  key.successes = ReadCount(object, "successes");
  key.refusals = ReadCount(object, "refusals");
  key.valid = ReadNanoseconds(object, "valid_ns");
  key.cooling = ReadNanoseconds(object, "cooling_ns");
  key.permanent = ReadNanoseconds(object, "permanent_ns");
  ReadRecovery(object, "after_cooldown", problems, key.after_cooldown);
  ReadRecovery(object, "after_outage", problems, key.after_outage);
  ReadMember(object, "herds", problems, [&](ObjectReader& herds) {
    key.herds.count = ReadCount(herds, "count");
    key.herds.attempts = ReadCount(herds, "attempts");
    key.herds.largest = ReadCount(herds, "largest");
  });
  object.Finish();
  return key;
}

void ReadAttemptCounts(ObjectReader& object, JsonProblems& problems, RunResult& run) {
  const json* array = object.RequiredArray("requests_by_attempts");
  if (array == nullptr) return;
  if (array->empty() || array->size() > kMostAttemptCounts) {
    return object.Problem("requests_by_attempts", "expected 1 to 1000 numbers");
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json& count = (*array)[i];
    if (!count.is_number_unsigned()) {
      return problems.Add(JoinPointer(object.PointerTo("requests_by_attempts"), i),
                          "expected a whole number, 0 or more");
    }
    run.requests_by_attempts.push_back(count.get<std::uint64_t>());
  }
}

void ReadKeyResults(ObjectReader& object, std::size_t keys, JsonProblems& problems,
                    RunResult& run) {
  const json* array = object.RequiredArray("keys");
  if (array == nullptr) return;
  if (array->size() != keys) return object.Problem("keys", "expected as many as the world has");
  for (std::size_t i = 0; i < keys; ++i) {
    run.keys.push_back(
        ReadKeyResult((*array)[i], JoinPointer(object.PointerTo("keys"), i), problems));
  }
}

}  // namespace

ordered_json RunToJson(const RunResult& run) {
  ordered_json object = {{"seed", run.seed},
                         {"trace", run.trace},
                         {"requests", run.requests},
                         {"calls", run.calls},
                         {"request_outcomes", OutcomesJson(run.request_outcomes)},
                         {"call_outcomes", OutcomesJson(run.call_outcomes)},
                         {"attempts", run.attempts},
                         {"wasted_attempts", run.wasted_attempts},
                         {"requests_by_attempts", run.requests_by_attempts},
                         {"failing",
                          {{"periods", run.failing_periods},
                           {"sum_ns", run.failing.count()},
                           {"longest_ns", run.longest_failing.count()}}},
                         {"after_outage", RecoveryJson(run.after_outage)},
                         {"request_latency", LatencyJson(run.request_latency)},
                         {"call_latency", LatencyJson(run.call_latency)}};
  ordered_json keys = ordered_json::array();
  for (const KeyResult& key : run.keys) keys.push_back(KeyJson(key));
  object["keys"] = std::move(keys);
  if (run.timeline) object["timeline"] = TimelineToJson(*run.timeline);
  return object;
}

RunResult ReadRun(const json& value, const std::string& pointer, std::size_t keys,
                  JsonProblems& problems) {
  RunResult run;
  ObjectReader object(value, pointer, problems);
  run.seed = ReadCount(object, "seed");
  run.trace = object.RequiredString("trace");
  run.requests = ReadCount(object, "requests");
  run.calls = ReadCount(object, "calls");
  ReadOutcomes(object, "request_outcomes", problems, run.request_outcomes);
  ReadOutcomes(object, "call_outcomes", problems, run.call_outcomes);
  run.attempts = ReadCount(object, "attempts");
  run.wasted_attempts = ReadCount(object, "wasted_attempts");
  ReadAttemptCounts(object, problems, run);
  ReadMember(object, "failing", problems, [&](ObjectReader& failing) {
    run.failing_periods = ReadCount(failing, "periods");
    run.failing = ReadNanoseconds(failing, "sum_ns");
    run.longest_failing = ReadNanoseconds(failing, "longest_ns");
  });
  ReadRecovery(object, "after_outage", problems, run.after_outage);
  ReadLatency(object, "request_latency", problems, run.request_latency);
  ReadLatency(object, "call_latency", problems, run.call_latency);
  ReadKeyResults(object, keys, problems, run);
  if (const json* timeline = object.Object("timeline")) {
    run.timeline = ReadTimeline(*timeline, object.PointerTo("timeline"), keys, problems);
  }
  object.Finish();
  return run;
}

}  // namespace keywalk::sim
