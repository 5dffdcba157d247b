#include "conformance/case_setup_reader.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kLimitRange{1, 1'000'000'000'000};

// Named as in proxy_config.schema.json.
constexpr std::string_view kLimits[] = {"max_body_bytes", "response_head_ms", "idle_ms",
                                        "client_header_ms"};

void ReadLimits(const json& value, const std::string& pointer, CaseSetup& setup,
                JsonProblems& problems) {
  ObjectReader limits(value, pointer, problems);
  for (const std::string_view name : kLimits) {
    if (!limits.Has(name)) continue;
    setup.limits.emplace(name, limits.Integer(name, 1, kLimitRange));
  }
  limits.Finish();
}

void ReadMetrics(const json& value, const std::string& pointer, ExpectedRecords& records,
                 JsonProblems& problems) {
  for (const auto& member : value.items()) {
    const std::string at = JoinPointer(pointer, member.key());
    if (std::ranges::find(kSeries, member.key()) == std::end(kSeries)) {
      problems.Add(at, "unknown series");
    } else if (!member.value().is_number()) {
      problems.Add(at, "expected a number");
    } else {
      records.metrics.emplace(member.key(), member.value().get<double>());
    }
  }
}

void ReadDump(const json& array, const std::string& pointer, ExpectedRecords& records,
              JsonProblems& problems) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    ObjectReader object(array[i], JoinPointer(pointer, i), problems);
    ExpectedRecords::Record record;
    record.access = object.Boolean("access", false);
    record.includes = object.Strings("includes");
    if (record.includes.empty()) object.Problem("includes", "must not be empty");
    records.dump.push_back(std::move(record));
    object.Finish();
  }
}

void ReadCaseConnections(ObjectReader& object, CaseConnections& connections,
                         JsonProblems& problems) {
  const json* value = object.Value("connections");
  if (value == nullptr) return;
  if (value->is_string()) {
    connections.refused = *value == "refused";
    if (!connections.refused) object.Problem("connections", "must be steps, or \"refused\"");
    return;
  }
  connections.script = mock::ReadConnections(*value, object.PointerTo("connections"), problems);
}

}  // namespace

void ReadSetup(ObjectReader& object, bool over_sockets, Case& test_case, JsonProblems& problems) {
  for (const char* member : {"connections", "setup", "metrics", "dump"}) {
    if (object.Has(member) && !over_sockets) object.Problem(member, "is for scenarios");
  }
  ReadCaseConnections(object, test_case.connections, problems);
  if (test_case.connections.any() &&
      std::ranges::find(test_case.capabilities, "upstream.own") == test_case.capabilities.end()) {
    object.Problem("connections", "need the capability upstream.own in \"requires\"");
  }
  if (const json* value = object.Object("setup")) {
    ObjectReader setup(*value, object.PointerTo("setup"), problems);
    if (const json* limits = setup.Object("limits")) {
      ReadLimits(*limits, setup.PointerTo("limits"), test_case.setup, problems);
    }
    test_case.setup.client_tokens = setup.Strings("client_tokens");
    test_case.setup.byok = setup.Boolean("byok", true);
    setup.Finish();
  }
  if (const json* metrics = object.Object("metrics")) {
    ReadMetrics(*metrics, object.PointerTo("metrics"), test_case.records, problems);
  }
  if (const json* dump = object.Array("dump")) {
    ReadDump(*dump, object.PointerTo("dump"), test_case.records, problems);
  }
}

}  // namespace keywalk::conformance
