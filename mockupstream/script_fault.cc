#include "mockupstream/script_fault.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kBodyBytesRange{0, std::int64_t{1} << 40};

}  // namespace

Fault ReadFault(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  for (const std::string_view key : {"at", "kind"}) {
    if (value.is_object() && !object.Has(key)) object.Problem(key, "is required");
  }
  Fault fault;
  const std::string at = object.Choice("at", "before_head", {"before_head", "after_head", "body"});
  if (at == "after_head") fault.at = Fault::At::kAfterHead;
  if (at == "body") fault.at = Fault::At::kBody;
  const std::string kind = object.Choice("kind", "reset", {"reset", "close", "stall"});
  if (kind == "close") fault.kind = Fault::Kind::kClose;
  if (kind == "stall") fault.kind = Fault::Kind::kStall;
  fault.body_bytes = static_cast<std::uint64_t>(object.Integer("body_bytes", 0, kBodyBytesRange));
  if (object.Has("body_bytes") && fault.at != Fault::At::kBody) {
    object.Problem("body_bytes", "goes with \"at\": \"body\" only");
  }
  object.Finish();
  return fault;
}

json FaultJson(const Fault& fault) {
  constexpr const char* kPlaces[] = {"before_head", "after_head", "body"};
  constexpr const char* kKinds[] = {"reset", "close", "stall"};
  json object = {{"at", kPlaces[static_cast<std::size_t>(fault.at)]},
                 {"kind", kKinds[static_cast<std::size_t>(fault.kind)]}};
  if (fault.at == Fault::At::kBody) object["body_bytes"] = fault.body_bytes;
  return object;
}

}  // namespace keywalk::mock
